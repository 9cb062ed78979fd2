//! Who is here: the person who is logged in (or a guest), the site's own facts, and how it looks to them.

mod next;
mod theme;

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::api::{self, ApiError, LogOut, Me, Site, Socket, StartQuery, UserRole};
use cynic::{MutationBuilder, QueryBuilder};

pub use next::{current_path, login_href, safe_next, sign_up_href};
pub use theme::{Theme, ThemeChoice};

/// Shared by the whole page through context: [`use_session`].
#[derive(Clone, Copy)]
pub struct Session {
    me: RwSignal<Option<Me>>,
    site: RwSignal<Option<Site>>,
    known: RwSignal<bool>,
    changes: RwSignal<u32>,
}

/// How long to wait before asking again who is here, after the server could not be reached.
const FIRST_WAIT_MS: u32 = 1_000;
const LONGEST_WAIT_MS: u32 = 30_000;

/// The session of this page. Provided once by the app.
pub fn use_session() -> Session {
    expect_context()
}

impl Session {
    /// Makes the session and asks the server who the cookie belongs to.
    pub fn start() -> Self {
        let session = Self {
            me: RwSignal::new(None),
            site: RwSignal::new(None),
            known: RwSignal::new(false),
            changes: RwSignal::new(0),
        };
        spawn_local(async move {
            let mut wait_ms = FIRST_WAIT_MS;
            loop {
                match api::send(StartQuery::build(())).await {
                    Ok(start) => {
                        session.site.set(Some(start.site));
                        // Somebody may have logged in while this was on its way.
                        if session.changes.get_untracked() == 0 {
                            session.me.set(start.me);
                        }
                        session.known.set(true);
                        return;
                    }
                    Err(error) if error.can_retry() => {
                        TimeoutFuture::new(wait_ms).await;
                        wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
                    }
                    Err(_) => {
                        session.known.set(true);
                        return;
                    }
                }
            }
        });
        session
    }

    /// The person who is logged in; `None` for a guest, and until the server has answered.
    pub fn me(self) -> Option<Me> {
        self.me.get()
    }

    /// The name of the person who is logged in.
    pub fn username(self) -> Option<String> {
        self.me.with(|me| me.as_ref().map(|me| me.username.clone()))
    }

    /// Whether the server has answered; before that nobody is called a guest.
    pub fn known(self) -> bool {
        self.known.get()
    }

    pub fn signed_in(self) -> bool {
        self.me.with(Option::is_some)
    }

    /// Whether the site's own matters are shown to this person; the server decides about each anew.
    pub fn is_administrator(self) -> bool {
        self.me.with(|me| me.as_ref().is_some_and(|me| me.role == Some(UserRole::Admin)))
    }

    /// What the server says about itself, once it has.
    pub fn site(self) -> Option<Site> {
        self.site.get()
    }

    /// Takes the person that a log-in or sign-up gave.
    pub fn enter(self, me: Me) {
        self.me.set(Some(me));
        self.known.set(true);
        self.changes.update(|changes| *changes += 1);
        Socket::reconnect();
    }

    /// Counts log-ins and log-outs since the page opened: what was fetched before is then another person's view.
    pub fn changes(self) -> u32 {
        self.changes.get()
    }

    /// The server says that nobody is logged in any more.
    pub fn ended(self) {
        self.me.set(None);
        self.changes.update(|changes| *changes += 1);
    }

    /// What an answer says of whoever asks. Nobody at all means that the session ended elsewhere, as by a log-out in
    /// another tab.
    ///
    /// # Errors
    /// UNAUTHENTICATED.
    pub fn require<T>(self, me: Option<T>) -> Result<T, ApiError> {
        if me.is_none() && self.me.with_untracked(Option::is_some) {
            self.ended();
        }
        me.ok_or_else(ApiError::signed_out)
    }

    /// Ends the session at the server, then here.
    ///
    /// # Errors
    /// The server's answer; the person then stays logged in.
    pub async fn log_out(self) -> Result<(), ApiError> {
        api::send(LogOut::build(())).await?;
        self.ended();
        Socket::reconnect();
        Ok(())
    }
}

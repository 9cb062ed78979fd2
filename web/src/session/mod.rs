//! Who is here: the person who is logged in (or a guest), the site's own facts, and how it looks to them.

mod next;
mod theme;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::api::{self, ApiError, LogOut, Me, Site, Socket, StartQuery};
use cynic::{MutationBuilder, QueryBuilder};

pub use next::{current_path, login_href, safe_next};
pub use theme::{Theme, ThemeChoice};

/// Shared by the whole page through context: [`use_session`].
#[derive(Clone, Copy)]
pub struct Session {
    me: RwSignal<Option<Me>>,
    site: RwSignal<Option<Site>>,
    known: RwSignal<bool>,
}

/// The session of this page. Provided once by the app.
pub fn use_session() -> Session {
    expect_context()
}

impl Session {
    /// Makes the session and asks the server who the cookie belongs to.
    pub fn start() -> Self {
        let session = Self { me: RwSignal::new(None), site: RwSignal::new(None), known: RwSignal::new(false) };
        spawn_local(async move {
            if let Ok(start) = api::send(StartQuery::build(())).await {
                session.me.set(start.me);
                session.site.set(Some(start.site));
            }
            session.known.set(true);
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

    /// What the server says about itself, once it has.
    pub fn site(self) -> Option<Site> {
        self.site.get()
    }

    /// Takes the person that a log-in or sign-up gave.
    pub fn enter(self, me: Me) {
        self.me.set(Some(me));
        self.known.set(true);
        Socket::reconnect();
    }

    /// Ends the session at the server, then here.
    ///
    /// # Errors
    /// The server's answer; the person then stays logged in.
    pub async fn log_out(self) -> Result<(), ApiError> {
        api::send(LogOut::build(())).await?;
        self.me.set(None);
        Socket::reconnect();
        Ok(())
    }
}

/// For actions that need an account: `guard()` is true for a person who is logged in, and otherwise leads to the
/// log-in page, which comes back to where they were.
pub fn use_account_guard() -> impl Fn() -> bool + Clone + 'static {
    let session = use_session();
    let navigate = use_navigate();
    move || {
        if session.me.with_untracked(Option::is_some) {
            return true;
        }
        navigate(&login_href(&current_path()), NavigateOptions::default());
        false
    }
}

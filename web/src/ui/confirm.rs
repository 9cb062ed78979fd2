//! Asking once before something is done that cannot be undone.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::{Button, Dialog, Kind, effect, use_toasts};
use crate::api::ApiError;

/// Asks about what is in `asked`, and empties it when that is done or let be. `words` says what will be gone, `act`
/// does it and gives what to say of it then.
#[component]
pub fn Confirm<T, W, V, A, F>(
    asked: RwSignal<Option<T>>,
    /// What the dialog and its button are called: a verb and what it is done to.
    title: &'static str,
    words: W,
    act: A,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    W: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
    A: Fn(T) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String, ApiError>> + 'static,
{
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    effect(move || open.set(asked.with(Option::is_some)));
    effect(move || {
        if !open.get() && asked.with_untracked(Option::is_some) {
            asked.set(None);
        }
    });
    let go_on = move |_| {
        let Some(subject) = asked.get_untracked() else { return };
        busy.set(true);
        let doing = act(subject);
        spawn_local(async move {
            match doing.await {
                Ok(done) => {
                    asked.try_set(None);
                    toasts.say(done);
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog open=open title=title>
            {
                let words = words.clone();
                move || asked.get().map(|subject| view! { <p>{words(subject)}</p> })
            }
            <footer class="dialog-foot">
                <Button label="Keep it" kind=Kind::Quiet on_press=move |_| asked.set(None) />
                <Button label=title kind=Kind::Danger busy=busy on_press=go_on.clone() />
            </footer>
        </Dialog>
    }
}

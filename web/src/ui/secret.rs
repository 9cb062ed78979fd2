//! A secret that was just made.

use leptos::{html, prelude::*, task::spawn_local};

use super::{Button, Kind, copy, use_toasts};

/// Shows a secret until the person says that they have it.
#[component]
pub fn ShownOnce(
    /// What it is, such as "token".
    what: &'static str,
    /// Whose it is.
    #[prop(into)]
    of: String,
    secret: String,
    #[prop(into)] on_done: Callback<()>,
) -> impl IntoView {
    let toasts = use_toasts();
    let field = NodeRef::<html::Input>::new();
    let taken = secret.clone();
    let take = move |_| {
        let secret = taken.clone();
        spawn_local(async move {
            if copy(&secret).await {
                toasts.say(format!("The {what} is copied."));
            } else if let Some(input) = field.get_untracked() {
                // Plain http has no clipboard for pages; what is marked can be copied by hand.
                input.select();
                toasts.say(format!("This browser copies nothing for pages without https. The {what} is marked: copy it yourself."));
            }
        });
    };
    view! {
        <div class="secret" role="status">
            <p>
                <strong>"Copy the " {what} " of “" {of} "” now."</strong>
                " It is shown this once and kept nowhere."
            </p>
            <div class="secret-copy">
                <input
                    node_ref=field
                    readonly
                    spellcheck="false"
                    aria-label=format!("The {what}")
                    prop:value=secret
                    on:focus=move |_| {
                        if let Some(input) = field.get_untracked() {
                            input.select();
                        }
                    }
                />
                <Button label="Copy" kind=Kind::Primary on_press=take />
                <Button label="Done" kind=Kind::Quiet on_press=move |_| on_done.run(()) />
            </div>
        </div>
    }
}

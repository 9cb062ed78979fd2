//! The secret of a token that was just made.

use leptos::{html, prelude::*, task::spawn_local};

use super::api::NewApiToken;
use crate::ui::{Button, Kind, copy, use_toasts};

/// Shows the secret until the person says that they have it.
#[component]
pub fn Secret(new: NewApiToken, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let toasts = use_toasts();
    let field = NodeRef::<html::Input>::new();
    let secret = new.token.clone();
    let take = move |_| {
        let secret = secret.clone();
        spawn_local(async move {
            if copy(&secret).await {
                toasts.say("Token copied.");
            } else if let Some(input) = field.get_untracked() {
                // Plain http has no clipboard for pages; what is marked can be copied by hand.
                input.select();
                toasts.say("This browser copies nothing for pages without https. The token is marked: copy it yourself.");
            }
        });
    };
    view! {
        <div class="token-secret" role="status">
            <p>
                <strong>"Copy the token of “" {new.api_token.name} "” now."</strong>
                " It is shown this once and kept nowhere."
            </p>
            <div class="token-copy">
                <input
                    node_ref=field
                    readonly
                    spellcheck="false"
                    aria-label="Token"
                    prop:value=new.token
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

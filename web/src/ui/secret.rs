//! A text that is shown this once: the secret of a token, or the command that holds one.

use leptos::{html, prelude::*, task::spawn_local};

use super::{Button, Kind, copy, use_toasts};

/// Shows the text until the person says that they have it.
#[component]
pub fn Secret(
    /// What to do with it, as a sentence.
    heading: String,
    /// What it is.
    label: &'static str,
    text: String,
    #[prop(into)] on_done: Callback<()>,
) -> impl IntoView {
    let toasts = use_toasts();
    let field = NodeRef::<html::Input>::new();
    let secret = text.clone();
    let take = move |_| {
        let secret = secret.clone();
        spawn_local(async move {
            if copy(&secret).await {
                toasts.say(format!("{label} copied."));
            } else if let Some(input) = field.get_untracked() {
                // Plain http has no clipboard for pages; what is marked can be copied by hand.
                input.select();
                toasts.say(format!(
                    "This browser copies nothing for pages without https. The {} is marked: copy it yourself.",
                    label.to_lowercase()
                ));
            }
        });
    };
    view! {
        <div class="secret" role="status">
            <p>
                <strong>{heading}</strong>
                " It is shown this once and kept nowhere."
            </p>
            <div class="secret-copy">
                <input
                    node_ref=field
                    readonly
                    spellcheck="false"
                    aria-label=label
                    prop:value=text
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

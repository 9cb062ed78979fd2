//! Deleting a webhook, after saying what stops.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{DeleteWebhook, IdVariables, Webhook},
    words::host_of,
};
use crate::{
    api,
    ui::{Button, Dialog, Kind, effect, use_toasts},
};

/// Asks once about the webhook in `deleting`.
#[component]
pub fn DeleteDialog(
    deleting: RwSignal<Option<Webhook>>,
    #[prop(into)] on_deleted: Callback<cynic::Id>,
) -> impl IntoView {
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    effect(move || open.set(deleting.with(Option::is_some)));
    effect(move || {
        if !open.get() && deleting.with_untracked(Option::is_some) {
            deleting.set(None);
        }
    });
    let delete = move |_| {
        let Some(webhook) = deleting.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::send(DeleteWebhook::build(IdVariables { id: webhook.id.clone() })).await {
                Ok(_) => {
                    deleting.try_set(None);
                    on_deleted.try_run(webhook.id);
                    toasts.say(format!("Deleted the webhook to {}", host_of(&webhook.url)));
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog open=open title="Delete webhook">
            {move || {
                deleting
                    .get()
                    .map(|webhook| {
                        view! {
                            <p class="webhook-url">
                                <strong>{webhook.url}</strong>
                                " is told nothing any more. Its secret and its messages go for good."
                            </p>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button label="Keep it" kind=Kind::Quiet on_press=move |_| deleting.set(None) />
                <Button label="Delete webhook" kind=Kind::Danger busy=busy on_press=delete />
            </footer>
        </Dialog>
    }
}

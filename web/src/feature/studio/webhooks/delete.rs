//! Deleting a webhook, after saying what stops.

use cynic::MutationBuilder;
use leptos::prelude::*;

use super::{
    api::{DeleteWebhook, IdVariables, Webhook},
    words::host_of,
};
use crate::{api, ui::Confirm};

/// Asks once about the webhook in `deleting`.
#[component]
pub fn DeleteDialog(
    deleting: RwSignal<Option<Webhook>>,
    #[prop(into)] on_deleted: Callback<cynic::Id>,
) -> impl IntoView {
    let words = |webhook: Webhook| {
        view! {
            <strong class="webhook-url">{webhook.url}</strong>
            " is told nothing any more. Its secret and its messages go for good."
        }
    };
    let delete = move |webhook: Webhook| async move {
        api::send(DeleteWebhook::build(IdVariables { id: webhook.id.clone() })).await?;
        on_deleted.try_run(webhook.id);
        Ok(format!("Deleted the webhook to {}", host_of(&webhook.url)))
    };
    view! { <Confirm asked=deleting title="Delete webhook" words=words act=delete /> }
}

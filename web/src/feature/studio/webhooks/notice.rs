//! What the studio says of webhooks that were switched off without being asked.

use cynic::QueryBuilder;
use leptos::prelude::*;

use super::{
    api::{WebhookOffReason, WebhooksQuery},
    words::{host_of, why_off},
};
use crate::{
    api,
    ui::{Load, use_load},
};

/// A sentence for each, and the way to mend it; nothing where all is well.
#[component]
pub fn WebhookNotice() -> impl IntoView {
    let loader = use_load(|| async {
        let answer = api::send(WebhooksQuery::build(())).await?;
        Ok(answer.me.map(|me| me.webhooks).unwrap_or_default())
    });
    move || {
        match loader.state.get() {
        Load::Ready(webhooks) => webhooks
            .into_iter()
            .filter_map(|webhook| {
                let reason = webhook.off_reason.filter(|reason| *reason != WebhookOffReason::Owner)?;
                let why = why_off(reason, webhook.last_error.as_deref());
                Some(view! {
                    <p class="form-error studio-notice" role="status">
                        "Your webhook to " <strong>{host_of(&webhook.url).to_owned()}</strong> " is switched off" {why} " "
                        <a class="link" href="/studio/webhooks">
                            "Webhooks"
                        </a>
                    </p>
                })
            })
            .collect_view()
            .into_any(),
        // The list of videos is what one came for; its own errors say enough.
        Load::Loading | Load::Failed(_) => ().into_any(),
    }
    }
}

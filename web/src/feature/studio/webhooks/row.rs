//! One webhook: where it leads, how it is doing, what can be done, and its log.

use cynic::MutationBuilder;
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};

use super::{
    api::{
        IdVariables, TestWebhook, UpdateVariables, UpdateWebhook, UpdateWebhookInput, Webhook, WebhookScope,
    },
    form::Writing,
    log::Log,
    words::{events_in_words, host_of, why_off},
};
use crate::{
    api,
    ui::{Button, Glyph, Icon, IconButton, Kind, use_toasts},
};

/// The row of the webhook with this id, as `webhooks` has it now.
#[component]
pub fn WebhookRow(
    webhook: Webhook,
    webhooks: RwSignal<Vec<Webhook>>,
    writing: RwSignal<Option<Writing>>,
    deleting: RwSignal<Option<Webhook>>,
    /// Whether its log is open from the start.
    opened: bool,
) -> impl IntoView {
    let id = webhook.id.clone();
    let log_id = id.clone();
    let current = Memo::new(move |_| {
        let found = webhooks.with(|all| all.iter().find(|other| other.id == webhook.id).cloned());
        found.unwrap_or_else(|| webhook.clone())
    });
    let is_on = move || current.with(|webhook| webhook.off_reason.is_none());
    let open = RwSignal::new(opened);
    let again = Trigger::new();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let test_id = id.clone();
    let test = Callback::new(move |_: MouseEvent| {
        let id = test_id.clone();
        busy.set(true);
        spawn_local(async move {
            match api::send(TestWebhook::build(IdVariables { id })).await {
                Ok(_) => {
                    open.try_set(true);
                    again.notify();
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    });
    let switch = Callback::new(move |enabled: bool| {
        let input = UpdateWebhookInput { id: id.clone(), url: None, events: None, enabled: Some(enabled) };
        busy.set(true);
        spawn_local(async move {
            match api::send(UpdateWebhook::build(UpdateVariables { input })).await {
                Ok(answer) => {
                    super::replace(webhooks, answer.update_webhook);
                    again.notify();
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    });
    let host = move || current.with(|webhook| host_of(&webhook.url).to_owned());
    view! {
        <li class="webhook">
            <div class="webhook-head">
                <div class="webhook-text">
                    <h2 class="webhook-url">{move || current.with(|webhook| webhook.url.clone())}</h2>
                    <p class="webhook-meta">
                        {move || current.with(|webhook| events_in_words(&webhook.events))}
                        {move || {
                            current
                                .with(|webhook| webhook.scope == WebhookScope::Site)
                                .then_some(" · Everybody’s videos")
                        }}
                    </p>
                    {move || current.with(|webhook| view! { <Health webhook=webhook.clone() /> })}
                </div>
                <div class="webhook-icons">
                    <IconButton
                        icon=Icon::Edit
                        label=Signal::derive(move || format!("Edit the webhook to {}", host()))
                        on_press=move |_| writing.set(Some(Writing::Change(current.get_untracked())))
                    />
                    <IconButton
                        icon=Icon::Delete
                        label=Signal::derive(move || format!("Delete the webhook to {}", host()))
                        on_press=move |_| deleting.set(Some(current.get_untracked()))
                    />
                </div>
            </div>
            <p class="actions">
                <Show
                    when=is_on
                    fallback=move || {
                        view! { <Button label="Switch on" busy=busy on_press=move |_| switch.run(true) /> }
                    }
                >
                    <Button label="Send test" busy=busy on_press=test />
                    <Button label="Switch off" kind=Kind::Quiet busy=busy on_press=move |_| switch.run(false) />
                </Show>
                <button
                    type="button"
                    class="button quiet"
                    aria-expanded=move || if open.get() { "true" } else { "false" }
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    "Messages"
                    <Glyph icon=Signal::derive(move || {
                        if open.get() { Icon::ChevronUp } else { Icon::ChevronDown }
                    }) />
                </button>
            </p>
            <Show when=move || open.get()>
                <Log id=log_id.clone() again=again webhooks=webhooks />
            </Show>
        </li>
    }
}

#[component]
fn Health(webhook: Webhook) -> impl IntoView {
    let last_error = webhook.last_error.as_deref();
    let sentence = match (webhook.off_reason, last_error) {
        (Some(reason), _) => Some(format!("Switched off{}", why_off(reason, last_error))),
        (None, Some(error)) => Some(format!("The last message did not arrive. {error}")),
        (None, None) => None,
    };
    sentence.map(|text| view! { <p class="webhook-trouble">{text}</p> })
}

//! The messages of a webhook, newest first, as they go out.

use cynic::{MutationBuilder, QueryBuilder};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev::MouseEvent, prelude::*, reactive::spawn_local_scoped_with_cancellation, task::spawn_local};

use super::{
    api::{Delivery, IdVariables, LogQuery, LogVariables, SendAgain, Webhook, WebhookDeliveryState},
    words::{figures, pretty, state_name, until},
};
use crate::{
    api::{self, ApiError, DateTime},
    ui::{Button, ErrorState, Glyph, Icon, Kind, RelativeTime, effect, now_ms, use_toasts},
};

const PAGE_SIZE: i32 = 10;
/// The most that one question may ask for; what is older is for the API.
const MOST: i32 = 100;
/// How often to look while something is about to be sent, and while nothing is.
const SOON_MS: u32 = 2_000;
const LATER_MS: u32 = 5_000;

/// The log of one webhook. `again` has it fetched anew; `webhooks` learns how they are doing.
#[component]
pub fn Log(id: cynic::Id, again: Trigger, webhooks: RwSignal<Vec<Webhook>>) -> impl IntoView {
    let items = RwSignal::new(None::<Vec<Delivery>>);
    let error = RwSignal::new(None::<ApiError>);
    let more = RwSignal::new(false);
    let shown = RwSignal::new(PAGE_SIZE);
    let retry = Trigger::new();
    let opened = RwSignal::new(None::<cynic::Id>);
    effect(move || {
        again.track();
        retry.track();
        let (id, first) = (id.clone(), shown.get());
        spawn_local_scoped_with_cancellation(async move {
            loop {
                let variables = LogVariables { id: id.clone(), first };
                match api::send(LogQuery::build(variables)).await {
                    Ok(answer) => {
                        let page = answer.webhook_deliveries;
                        more.set(page.page_info.has_next_page && first < MOST);
                        error.set(None);
                        if let Some(me) = answer.me {
                            webhooks.update(|all| {
                                if *all != me.webhooks {
                                    *all = me.webhooks
                                }
                            });
                        }
                        items.set(Some(page.nodes));
                    }
                    // What is shown stays; only a log that never came is an error.
                    Err(failed) if items.with_untracked(Option::is_none) => error.set(Some(failed)),
                    Err(_) => {}
                }
                let is_soon = items.with_untracked(|items| items.iter().flatten().any(is_due_soon));
                TimeoutFuture::new(if is_soon { SOON_MS } else { LATER_MS }).await;
            }
        });
    });
    view! {
        <div class="webhook-log">
            {move || match (items.with(|items| items.as_ref().map(Vec::len)), error.get()) {
                (None, Some(error)) => view! { <ErrorState error retry=Callback::new(move |()| retry.notify()) /> }.into_any(),
                (None, None) => view! { <div class="bone line late" role="status" aria-label="Loading"></div> }.into_any(),
                (Some(0), _) => view! { <p class="soft">"Nothing has been sent yet."</p> }.into_any(),
                (Some(_), _) => ().into_any(),
            }}
            <ul>
                <For
                    each=move || items.get().unwrap_or_default()
                    key=|delivery| delivery.id.inner().to_owned()
                    let(delivery)
                >
                    <DeliveryRow delivery=delivery opened=opened items=items on_sent=move |()| retry.notify() />
                </For>
            </ul>
            <Show when=move || more.get()>
                <Button label="Show more" kind=Kind::Quiet on_press=move |_| shown.update(|shown| *shown = (*shown + 30).min(MOST)) />
            </Show>
        </div>
    }
}

fn is_due_soon(delivery: &Delivery) -> bool {
    let due = delivery.next_attempt_at.as_ref().and_then(DateTime::unix_ms);
    due.is_some_and(|due| due < now_ms() + 40_000.0)
}

/// One message. What is known of it changes in its place, so that whoever is at its buttons stays there.
#[component]
fn DeliveryRow(
    delivery: Delivery,
    /// The message whose content is shown.
    opened: RwSignal<Option<cynic::Id>>,
    /// What the log said when it was looked at last.
    items: RwSignal<Option<Vec<Delivery>>>,
    #[prop(into)] on_sent: Callback<()>,
) -> impl IntoView {
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let id = StoredValue::new(delivery.id.clone());
    let (what, title, message_id) =
        (delivery.event.clone(), delivery.video_title.clone(), delivery.message_id.clone());
    let (created_at, payload) = (delivery.created_at.clone(), pretty(&delivery.payload));
    let known = Memo::new(move |before: Option<&Delivery>| {
        let now = items
            .with(|items| items.iter().flatten().find(|item| id.with_value(|id| item.id == *id)).cloned());
        now.or_else(|| before.cloned()).unwrap_or_else(|| delivery.clone())
    });
    let state = move || known.with(|delivery| delivery.state);
    let send = move |_| {
        let id = id.get_value();
        busy.set(true);
        spawn_local(async move {
            match api::send(SendAgain::build(IdVariables { id })).await {
                Ok(_) => {
                    on_sent.try_run(());
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    let trouble = move || {
        // How long the next try is away is told anew each time.
        items.track();
        let delivery = known.get();
        let is_pending = delivery.attempts > 0 && delivery.state != WebhookDeliveryState::Delivered;
        let due = delivery.next_attempt_at.as_ref().filter(|_| is_pending).and_then(DateTime::unix_ms);
        let next = due.map(|at| format!(" Next try {}.", until(at, now_ms())));
        let error = delivery.error.filter(|_| delivery.state != WebhookDeliveryState::Delivered);
        error.map(|error| view! { <p class="delivery-error">{error} {next}</p> })
    };
    let answer = move || {
        known.with(|delivery| delivery.response.clone()).map(|response| {
            view! {
                <p class="soft">"Answer"</p>
                <pre tabindex="0" aria-label="Answer">{response}</pre>
            }
        })
    };
    let label = Signal::derive(move || {
        let is_waiting = state() == WebhookDeliveryState::Pending;
        if is_waiting { "Send now" } else { "Send again" }.to_owned()
    });
    let is_open = move || opened.with(|opened| id.with_value(|id| opened.as_ref() == Some(id)));
    let toggle = move |event: MouseEvent| {
        event.prevent_default();
        opened.set((!is_open()).then(|| id.get_value()));
    };
    view! {
        <li class="delivery">
            <details prop:open=is_open>
                <summary on:click=toggle>
                    <Glyph icon=Icon::ChevronDown />
                    <span
                        class="delivery-state"
                        class:ready=move || state() == WebhookDeliveryState::Delivered
                        class:failed=move || state() == WebhookDeliveryState::Failed
                    >
                        {move || state_name(state())}
                    </span>
                    <span class="delivery-what">
                        <code>{what}</code>
                        {title.map(|title| view! { <span class="delivery-title">{title}</span> })}
                    </span>
                    <span class="delivery-figures">{move || known.with(figures)}</span>
                    <RelativeTime at=created_at />
                </summary>
                <div class="delivery-more">
                    <p class="soft">"Message " <code>{message_id}</code></p>
                    <pre tabindex="0" aria-label="What is sent">{payload}</pre>
                    {answer}
                </div>
            </details>
            {trouble}
            <Button label=label kind=Kind::Quiet busy=busy on_press=send />
        </li>
    }
}

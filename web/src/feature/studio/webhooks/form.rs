//! Making a webhook, and changing one.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{
        CreateVariables, CreateWebhook, CreateWebhookInput, IdVariables, NewWebhookSecret, RotateSecret,
        UpdateVariables, UpdateWebhook, UpdateWebhookInput, Webhook, WebhookEvent, WebhookScope,
    },
    words::EVENTS,
};
use crate::{
    api::{self, ApiError},
    ui::{Button, Dialog, Field, Kind, Select, effect, focus_first_mistake, use_toasts},
};

const URL_LENGTH: u32 = 2_000;

/// What is being written: a new webhook, or one that there is.
#[derive(Clone, Debug, PartialEq)]
pub enum Writing {
    New,
    Change(Webhook),
}

/// What came of it.
pub enum Written {
    /// It has a new secret, to be shown.
    Secret(NewWebhookSecret),
    Changed(Webhook),
}

/// The form for what is in `writing`.
#[component]
pub fn WebhookDialog(
    writing: RwSignal<Option<Writing>>,
    /// Whether the person may be told of everybody's videos.
    #[prop(into)]
    is_admin: Signal<bool>,
    #[prop(into)] on_written: Callback<Written>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    effect(move || open.set(writing.with(Option::is_some)));
    effect(move || {
        if !open.get() && writing.with_untracked(Option::is_some) {
            writing.set(None);
        }
    });
    let title = Signal::derive(move || {
        let is_new = writing.with(|writing| !matches!(writing, Some(Writing::Change(_))));
        if is_new { "New webhook" } else { "Edit webhook" }.to_owned()
    });
    view! {
        <Dialog open=open title=title>
            {move || {
                writing
                    .get()
                    .map(|what| {
                        let is_admin = is_admin.get_untracked();
                        view! { <WebhookForm what=what is_admin=is_admin writing=writing on_written=on_written /> }
                    })
            }}
        </Dialog>
    }
}

#[component]
fn WebhookForm(
    what: Writing,
    is_admin: bool,
    writing: RwSignal<Option<Writing>>,
    on_written: Callback<Written>,
) -> impl IntoView {
    let existing = match what {
        Writing::New => None,
        Writing::Change(webhook) => Some(webhook),
    };
    let is_new = existing.is_none();
    let url = RwSignal::new(existing.as_ref().map(|webhook| webhook.url.clone()).unwrap_or_default());
    let usual = vec![WebhookEvent::VideoReady, WebhookEvent::VideoFailed];
    let events = RwSignal::new(existing.as_ref().map_or(usual, |webhook| webhook.events.clone()));
    let scope = RwSignal::new(WebhookScope::Own);
    let wrong_url = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let id = existing.map(|webhook| webhook.id);
    let sent_id = id.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        let given = url.get_untracked().trim().to_owned();
        wrong_url
            .set(given.is_empty().then(|| "Write an address such as https://example.org/hook.".to_owned()));
        if given.is_empty() {
            focus_first_mistake();
            return;
        }
        if events.with_untracked(Vec::is_empty) {
            wrong.set(Some("Choose one event at least.".to_owned()));
            return;
        }
        if busy.get_untracked() {
            return;
        }
        let (id, events, scope) = (sent_id.clone(), events.get_untracked(), scope.get_untracked());
        busy.set(true);
        spawn_local(async move {
            match write(id, given, events, scope).await {
                Ok(written) => {
                    writing.try_set(None);
                    on_written.try_run(written);
                }
                Err(error) => {
                    let at_url = error.field.as_deref().is_some_and(|field| field.ends_with("url"));
                    let place = if at_url { wrong_url } else { wrong };
                    place.try_set(Some(error.message));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <div role="alert">{move || wrong.get().map(|text| view! { <p class="form-error">{text}</p> })}</div>
            <Field
                label="Address"
                name="webhook-url"
                kind="url"
                value=url
                error=wrong_url
                hint="Where messages are sent, by POST"
                autocomplete="off"
                max_length=URL_LENGTH
                autofocus=is_new
            />
            <EventChoice events=events />
            {(is_new && is_admin)
                .then(|| {
                    view! {
                        <Select
                            label="Of whose videos"
                            name="webhook-scope"
                            value=scope
                            choices=vec![(WebhookScope::Own, "Mine"), (WebhookScope::Site, "All of this site")]
                        />
                    }
                })}
            {id.map(|id| view! { <NewSecret id=id writing=writing on_written=on_written /> })}
            <footer class="dialog-foot">
                <Button label="Cancel" kind=Kind::Quiet on_press=move |_| writing.set(None) />
                <Button label=if is_new { "Make webhook" } else { "Save" } kind=Kind::Primary busy=busy />
            </footer>
        </form>
    }
}

async fn write(
    id: Option<cynic::Id>,
    url: String,
    events: Vec<WebhookEvent>,
    scope: WebhookScope,
) -> Result<Written, ApiError> {
    match id {
        None => {
            let input = CreateWebhookInput { url, events, scope };
            let answer = api::send(CreateWebhook::build(CreateVariables { input })).await?;
            Ok(Written::Secret(answer.create_webhook))
        }
        Some(id) => {
            let input = UpdateWebhookInput { id, url: Some(url), events: Some(events), enabled: None };
            let answer = api::send(UpdateWebhook::build(UpdateVariables { input })).await?;
            Ok(Written::Changed(answer.update_webhook))
        }
    }
}

#[component]
fn EventChoice(events: RwSignal<Vec<WebhookEvent>>) -> impl IntoView {
    let choices = EVENTS
        .into_iter()
        .map(|(event, name, meaning)| {
            let toggle = move |_| {
                events.update(|events| {
                    let before = events.len();
                    events.retain(|other| *other != event);
                    if events.len() == before {
                        events.push(event);
                    }
                });
            };
            view! {
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || events.with(|events| events.contains(&event))
                        on:change=toggle
                    />
                    <span>
                        <strong>{name}</strong>
                        " "
                        <span class="soft">{meaning}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="choices">
            <legend>"Tell it when a video is"</legend>
            {choices}
        </fieldset>
    }
}

/// Makes another secret. Nothing breaks by it at once, so it asks nothing.
#[component]
fn NewSecret(
    id: cynic::Id,
    writing: RwSignal<Option<Writing>>,
    on_written: Callback<Written>,
) -> impl IntoView {
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let rotate = move |_| {
        let id = id.clone();
        busy.set(true);
        spawn_local(async move {
            match api::send(RotateSecret::build(IdVariables { id })).await {
                Ok(answer) => {
                    writing.try_set(None);
                    on_written.try_run(Written::Secret(answer.rotate_webhook_secret));
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <div class="webhook-rotate">
            <p class="soft">"The secret is shown only when it is made. The one before a new one goes on to sign for a day."</p>
            <Button label="New secret" busy=busy on_press=rotate />
        </div>
    }
}

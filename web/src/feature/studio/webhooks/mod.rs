//! Webhooks: the addresses that are told what happens to one's videos, and what they were told.

mod api;
mod delete;
mod form;
mod log;
mod notice;
mod row;
mod words;

use cynic::QueryBuilder;
use leptos::prelude::*;

pub use self::notice::WebhookNotice;
use self::{
    api::{NewWebhookSecret, UserRole, Webhook, WebhooksQuery},
    delete::DeleteDialog,
    form::{WebhookDialog, Writing, Written},
    row::WebhookRow,
    words::host_of,
};
use crate::{
    api as server,
    session::use_session,
    ui::{
        Button, EmptyState, ErrorState, Icon, Kind, Load, PageSkeleton, Secret, effect, set_title, use_load,
    },
};

/// The page, for whoever is logged in; a guest is asked to log in.
#[component]
pub fn WebhooksPage() -> impl IntoView {
    set_title(|| "Webhooks".to_owned());
    let session = use_session();
    super::ask_guests_to_log_in();
    view! {
        <Show when=move || session.signed_in() fallback=PageSkeleton>
            <OwnWebhooks />
        </Show>
    }
}

#[component]
fn OwnWebhooks() -> impl IntoView {
    let session = use_session();
    let loader = use_load(move || async move {
        let answer = server::send(WebhooksQuery::build(())).await?;
        let me = session.require(answer.me)?;
        Ok((me.role == Some(UserRole::Admin), me.webhooks))
    });
    let webhooks = RwSignal::new(Vec::<Webhook>::new());
    let is_admin = RwSignal::new(false);
    effect(move || {
        if let Load::Ready((admin, all)) = loader.state.get() {
            is_admin.set(admin);
            webhooks.set(all);
        }
    });
    let made = RwSignal::new(None::<NewWebhookSecret>);
    let writing = RwSignal::new(None::<Writing>);
    let deleting = RwSignal::new(None::<Webhook>);
    let take_in = move |written: Written| match written {
        Written::Secret(new) => {
            replace(webhooks, new.webhook.clone());
            made.set(Some(new));
        }
        Written::Changed(webhook) => replace(webhooks, webhook),
    };
    let drop_out = move |id: cynic::Id| {
        webhooks.try_update(|all| all.retain(|webhook| webhook.id != id));
        // A secret of what is not there any more need not stand there.
        made.try_update(|made| {
            if made.as_ref().is_some_and(|new| new.webhook.id == id) {
                *made = None;
            }
        });
    };
    let is_ready = move || matches!(loader.state.get(), Load::Ready(_));
    view! {
        <div class="wide-page studio webhooks">
            <header class="browse-head">
                <h1>"Webhooks"</h1>
                <p class="actions">
                    <a class="button" href="/studio">
                        "Your videos"
                    </a>
                    <Button label="New webhook" kind=Kind::Primary on_press=move |_| writing.set(Some(Writing::New)) />
                </p>
            </header>
            <p class="soft webhook-intro">
                "A program of yours is told when a video can be watched, is ready, fails or is deleted. Messages are signed as "
                <a class="link" href="https://www.standardwebhooks.com" rel="external noopener">
                    "Standard Webhooks"
                </a> " describes, and tried for a day."
            </p>
            {move || {
                made.get()
                    .map(|new| {
                        view! {
                            <Secret
                                heading=format!("Copy the secret of “{}” now.", host_of(&new.webhook.url))
                                label="Secret"
                                text=new.secret
                                on_done=move |()| made.set(None)
                            />
                        }
                    })
            }}
            {move || match loader.state.get() {
                Load::Loading => view! { <PageSkeleton /> }.into_any(),
                Load::Ready(_) => ().into_any(),
                Load::Failed(error) => {
                    view! { <ErrorState error retry=Callback::new(move |()| loader.retry()) /> }.into_any()
                }
            }}
            <Show when=move || is_ready() && webhooks.with(Vec::is_empty)>
                <EmptyState icon=Icon::Link text="You have no webhooks yet." />
            </Show>
            <ul class="webhook-list">
                <For each=move || webhooks.get() key=|webhook| webhook.id.inner().to_owned() let(webhook)>
                    <WebhookRow
                        webhook=webhook
                        webhooks=webhooks
                        writing=writing
                        deleting=deleting
                        opened=webhooks.with_untracked(|all| all.len() == 1)
                    />
                </For>
            </ul>
        </div>
        <WebhookDialog writing=writing is_admin=is_admin on_written=take_in />
        <DeleteDialog deleting=deleting on_deleted=drop_out />
    }
}

/// Puts a webhook in the place of what the list had of it, or at its end.
fn replace(webhooks: RwSignal<Vec<Webhook>>, changed: Webhook) {
    webhooks.try_update(|all| match all.iter_mut().find(|webhook| webhook.id == changed.id) {
        Some(slot) => *slot = changed,
        None => all.push(changed),
    });
}

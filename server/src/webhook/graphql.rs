//! Webhooks in GraphQL. Their secrets leave once, in the answer that made them.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::webhook;

use super::{
    input::{Address, Choice, events_of},
    log::{self, DeliveryObject, WebhookDeliveryConnection},
    service::{self, Changes, NewWebhook},
    signature::Secret,
};
use crate::{
    error::Result,
    graphql::{ContextExt, PageInput, parse_id},
};

/// What a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "WebhookEvent", remote = "webhook::Event")]
#[allow(clippy::enum_variant_names, reason = "other things will have events too")]
pub enum EventKind {
    /// `video.playable`: it can be watched; processing may go on.
    VideoPlayable,
    /// `video.ready`: everything is there.
    VideoReady,
    /// `video.failed`: it will not be played, and why.
    VideoFailed,
    /// `video.deleted`: it is gone.
    VideoDeleted,
}

/// Of whose videos a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "WebhookScope", remote = "webhook::Scope")]
pub enum ScopeKind {
    /// One's own.
    Own,
    /// Everybody's on this site, for administrators. Of other people's private videos only the state is told.
    Site,
}

/// Why a webhook is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "WebhookOffReason", remote = "webhook::OffReason")]
pub enum OffReasonKind {
    /// Its owner wanted it so.
    Owner,
    /// The address answered 410: it wants nothing any more.
    Gone,
    /// Nothing arrived for days.
    Failing,
    /// The password of the account was set anew, and whoever knew the old one may have made it.
    Password,
}

/// An address that is told what happens to videos, signed as Standard Webhooks describes.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Webhook")]
pub struct WebhookObject {
    id: ID,
    url: String,
    events: Vec<EventKind>,
    scope: ScopeKind,
    enabled: bool,
    /// Null while it is on.
    off_reason: Option<OffReasonKind>,
    off_at: Option<DateTime<Utc>>,
    /// Since when nothing has arrived; null while it works.
    failing_since: Option<DateTime<Utc>>,
    /// The last failure, in words; null since something arrived.
    last_error: Option<String>,
    /// Until then the secret before signs as well.
    previous_secret_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<webhook::Model> for WebhookObject {
    fn from(row: webhook::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            events: events_of(&row.events).into_iter().map(Into::into).collect(),
            url: row.url,
            scope: row.scope.into(),
            enabled: row.off_reason.is_none(),
            off_reason: row.off_reason.map(Into::into),
            off_at: row.off_at,
            failing_since: row.failing_since,
            last_error: row.last_error,
            previous_secret_until: row.previous_until,
            created_at: row.created_at,
        }
    }
}

/// A webhook whose secret was just made.
#[derive(SimpleObject)]
pub struct NewWebhookSecret {
    /// What signatures are checked with, `whsec_…`. It is shown this once and kept nowhere.
    secret: String,
    webhook: WebhookObject,
}

impl From<(Secret, webhook::Model)> for NewWebhookSecret {
    fn from((secret, row): (Secret, webhook::Model)) -> Self {
        Self { secret: secret.to_string(), webhook: row.into() }
    }
}

/// A webhook that somebody wants.
#[derive(InputObject)]
pub struct CreateWebhookInput {
    /// http or https, on the public internet unless the site allows others.
    url: String,
    /// One at least.
    events: Vec<EventKind>,
    #[graphql(default_with = "ScopeKind::Own")]
    scope: ScopeKind,
}

/// What may be changed of a webhook; what is left out stays.
#[derive(InputObject)]
pub struct UpdateWebhookInput {
    id: ID,
    url: Option<String>,
    events: Option<Vec<EventKind>>,
    /// Switched off, it is told nothing, and what waits for it is given up.
    enabled: Option<bool>,
}

#[derive(Default)]
pub struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// The messages to a webhook of one's own, newest first. They are kept for a month.
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        webhook_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<WebhookDeliveryConnection> {
        let viewer = ctx.requester().viewer()?;
        viewer.in_person()?;
        let page = PageInput::parse(first, after)?;
        log::deliveries(ctx.app(), viewer, parse_id(&webhook_id, "webhook")?, &page).await
    }
}

#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Makes a webhook. Only a person who has logged in can do this, as everything with webhooks.
    async fn create_webhook(&self, ctx: &Context<'_>, input: CreateWebhookInput) -> Result<NewWebhookSecret> {
        let viewer = ctx.requester().viewer()?;
        let new = NewWebhook {
            url: Address::parse(&input.url, ctx.app().config.webhook_private)?,
            events: Choice::of(input.events.into_iter().map(Into::into))?,
            scope: input.scope.into(),
        };
        Ok(service::create(ctx.app(), viewer, new).await?.into())
    }

    /// Changes a webhook of one's own, or switches it on or off.
    async fn update_webhook(&self, ctx: &Context<'_>, input: UpdateWebhookInput) -> Result<WebhookObject> {
        let viewer = ctx.requester().viewer()?;
        let private_allowed = ctx.app().config.webhook_private;
        let changes = Changes {
            url: input.url.map(|url| Address::parse(&url, private_allowed)).transpose()?,
            events: input.events.map(|events| Choice::of(events.into_iter().map(Into::into))).transpose()?,
            enabled: input.enabled,
        };
        Ok(service::update(ctx.app(), viewer, parse_id(&input.id, "webhook")?, changes).await?.into())
    }

    /// Deletes a webhook of one's own with its log.
    async fn delete_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<bool> {
        let viewer = ctx.requester().viewer()?;
        service::delete(ctx.app(), viewer, parse_id(&id, "webhook")?).await?;
        Ok(true)
    }

    /// Makes another secret for a webhook of one's own. For a day the one before signs as well, so that a receiver
    /// can change over; two new ones in a row end it at once.
    async fn rotate_webhook_secret(&self, ctx: &Context<'_>, id: ID) -> Result<NewWebhookSecret> {
        let viewer = ctx.requester().viewer()?;
        Ok(service::rotate(ctx.app(), viewer, parse_id(&id, "webhook")?).await?.into())
    }

    /// Sends a `ping` to a webhook of one's own.
    async fn test_webhook(&self, ctx: &Context<'_>, id: ID) -> Result<DeliveryObject> {
        let viewer = ctx.requester().viewer()?;
        Ok(service::ping(ctx.app(), viewer, parse_id(&id, "webhook")?).await?.into())
    }

    /// Sends a message again, with the same `webhook-id`. One that waits is sent at once.
    async fn resend_webhook_delivery(&self, ctx: &Context<'_>, id: ID) -> Result<DeliveryObject> {
        let viewer = ctx.requester().viewer()?;
        Ok(service::send_again(ctx.app(), viewer, parse_id(&id, "delivery")?).await?.into())
    }
}

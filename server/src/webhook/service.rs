//! The rules of webhooks: whose they are, how many, and what their people may do with them.

use kinora_entity::{
    DeliveryId, UserId, WebhookId, user,
    webhook::{self, OffReason, Scope},
    webhook_delivery,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use super::{
    SecretKey,
    input::{Address, Choice},
    payload::{Payload, PingData},
    signature::Secret,
    store::{self, Which},
};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    events::{Event, notify},
};

const MOST_WEBHOOKS: u64 = 10;
const MOST_PINGS_A_MINUTE: i64 = 10;
/// After a new secret was made, the one before signs as well for a day.
const OVERLAP_S: f64 = 86_400.0;
/// The name of a message that tells of nothing.
const PING: &str = "ping";

/// A webhook that somebody wants.
pub struct NewWebhook {
    pub url: Address,
    pub events: Choice,
    pub scope: Scope,
}

/// What a person may change; `None` leaves it.
#[derive(Default)]
pub struct Changes {
    pub url: Option<Address>,
    pub events: Option<Choice>,
    pub enabled: Option<bool>,
}

/// The viewer's webhooks, oldest first.
///
/// # Errors
/// FORBIDDEN when a token asks: addresses may hold secrets of their own.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<webhook::Model>> {
    viewer.in_person()?;
    Ok(webhook::Entity::owned_by(viewer.user.id)
        .order_by_asc(webhook::Column::CreatedAt)
        .order_by_asc(webhook::Column::Id)
        .all(&app.database)
        .await?)
}

/// Makes a webhook and gives its secret, this once.
///
/// # Errors
/// FORBIDDEN for a token, and for a whole site's unless the viewer is an administrator; CONFLICT when there are too
/// many already.
pub async fn create(app: &App, viewer: &Viewer, new: NewWebhook) -> Result<(Secret, webhook::Model)> {
    viewer.in_person()?;
    if new.scope == Scope::Site && viewer.user.role != user::Role::Admin {
        return Err(Error::Forbidden("Only an administrator is told of everybody's videos.".into()));
    }
    let owner = viewer.user.id;
    let transaction = app.database.begin().await?;
    // Whoever else makes one for the same account waits here, so that the count is exact.
    user::Entity::find_by_id(owner).lock_exclusive().one(&transaction).await?;
    if webhook::Entity::owned_by(owner).count(&transaction).await? >= MOST_WEBHOOKS {
        return Err(Error::Conflict {
            field: None,
            message: format!("You have {MOST_WEBHOOKS} webhooks, which is the most. Delete one first."),
        });
    }
    let row = webhook::ActiveModel {
        id: Set(WebhookId::random()),
        user_id: Set(owner),
        scope: Set(new.scope),
        url: Set(new.url.into_string()),
        events: Set(new.events.into_names()),
        secret_salt: Set(SecretKey::new_salt()),
        created_at: Set(app.clock.now()),
        ..Default::default()
    }
    .insert(&transaction)
    .await?;
    transaction.commit().await?;
    Ok((app.messenger.key.secret(row.id, &row.secret_salt), row))
}

/// The viewer's own webhook, locked for a change.
async fn owned(connection: &impl ConnectionTrait, viewer: &Viewer, id: WebhookId) -> Result<webhook::Model> {
    viewer.in_person()?;
    let found = store::lock(connection, id).await?;
    found.filter(|row| row.user_id == viewer.user.id).ok_or_else(|| Error::not_found("webhook"))
}

/// Changes a webhook of the viewer's.
///
/// # Errors
/// FORBIDDEN for a token, NOT_FOUND.
pub async fn update(app: &App, viewer: &Viewer, id: WebhookId, changes: Changes) -> Result<webhook::Model> {
    let transaction = app.database.begin().await?;
    let found = owned(&transaction, viewer, id).await?;
    let was_on = found.off_reason.is_none();
    let mut row = found.into_active_model();
    if let Some(url) = changes.url {
        row.url = Set(url.into_string());
    }
    if let Some(events) = changes.events {
        row.events = Set(events.into_names());
    }
    if changes.enabled == Some(true) && !was_on {
        row.off_reason = Set(None);
        row.off_at = Set(None);
        row.failing_since = Set(None);
        row.last_error = Set(None);
    }
    if row.is_changed() {
        row.update(&transaction).await?;
    }
    if changes.enabled == Some(false) && was_on {
        store::switch_off(&transaction, Which::One(id), OffReason::Owner).await?;
    }
    let now = store::lock(&transaction, id).await?.ok_or_else(|| Error::not_found("webhook"))?;
    transaction.commit().await?;
    Ok(now)
}

/// Deletes a webhook of the viewer's with its log.
///
/// # Errors
/// FORBIDDEN for a token, NOT_FOUND.
pub async fn delete(app: &App, viewer: &Viewer, id: WebhookId) -> Result<()> {
    let transaction = app.database.begin().await?;
    owned(&transaction, viewer, id).await?;
    webhook::Entity::delete_by_id(id).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes another secret for a webhook of the viewer's. The one before signs as well for a day.
///
/// # Errors
/// FORBIDDEN for a token, NOT_FOUND.
pub async fn rotate(app: &App, viewer: &Viewer, id: WebhookId) -> Result<(Secret, webhook::Model)> {
    let transaction = app.database.begin().await?;
    owned(&transaction, viewer, id).await?;
    let rotated = store::rotate(&transaction, id, SecretKey::new_salt(), OVERLAP_S).await?;
    let row = rotated.ok_or_else(|| Error::not_found("webhook"))?;
    transaction.commit().await?;
    Ok((app.messenger.key.secret(id, &row.secret_salt), row))
}

fn check_on(row: &webhook::Model) -> Result<()> {
    match row.off_reason {
        None => Ok(()),
        Some(_) => Err(Error::Conflict {
            field: None,
            message: "This webhook is switched off. Switch it on first.".into(),
        }),
    }
}

/// Sends a message that tells of nothing to a webhook of the viewer's.
///
/// # Errors
/// FORBIDDEN for a token, NOT_FOUND, CONFLICT while it is off, RATE_LIMITED past ten in a minute.
pub async fn ping(app: &App, viewer: &Viewer, id: WebhookId) -> Result<webhook_delivery::Model> {
    let transaction = app.database.begin().await?;
    check_on(&owned(&transaction, viewer, id).await?)?;
    if store::sent_lately(&transaction, id, PING).await? >= MOST_PINGS_A_MINUTE {
        return Err(Error::RateLimited { retry_after: std::time::Duration::from_secs(60) });
    }
    let payload = Payload { name: PING.to_owned(), timestamp: app.clock.now(), data: PingData::of(id) };
    let row = webhook_delivery::ActiveModel {
        id: Set(DeliveryId::random()),
        webhook_id: Set(id),
        event: Set(PING.to_owned()),
        payload: Set(payload.to_json().map_err(Error::internal)?),
        state: Set(webhook_delivery::State::Pending),
        ..Default::default()
    }
    .insert(&transaction)
    .await?;
    notify(&transaction, Event::Webhook).await?;
    transaction.commit().await?;
    Ok(row)
}

/// Sends a message of a webhook of the viewer's again, with the same id. One that waits is sent at once.
///
/// # Errors
/// FORBIDDEN for a token, NOT_FOUND, CONFLICT while the webhook is off.
pub async fn send_again(app: &App, viewer: &Viewer, id: DeliveryId) -> Result<webhook_delivery::Model> {
    viewer.in_person()?;
    let absent = || Error::not_found("delivery");
    let find =
        || webhook_delivery::Entity::owned_by(viewer.user.id).filter(webhook_delivery::Column::Id.eq(id));
    let transaction = app.database.begin().await?;
    let found = find().one(&transaction).await?.ok_or_else(absent)?;
    check_on(&owned(&transaction, viewer, found.webhook_id).await?)?;
    store::send_again(&transaction, id).await?;
    let row = find().one(&transaction).await?.ok_or_else(absent)?;
    notify(&transaction, Event::Webhook).await?;
    transaction.commit().await?;
    Ok(row)
}

/// Switches all webhooks of an account off, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn switch_off_all(
    connection: &impl ConnectionTrait,
    owner: UserId,
    reason: OffReason,
) -> Result<()> {
    Ok(store::switch_off(connection, Which::AllOf(owner), reason).await?)
}

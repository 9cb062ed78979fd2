//! All SQL of sending. Times are the database's, so that no server's clock matters.

use kinora_entity::{DeliveryId, UserId, WebhookId, webhook};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Statement, Value,
    prelude::DateTimeUtc,
};

use super::client::Outcome;
use crate::{app::App, error::Result};

/// Longer than a try takes. A server that dies in the middle of one is not waited for any longer than this.
const BUSY_FOR_S: f64 = 30.0;
/// The log of messages goes back so far.
const KEPT_FOR_S: f64 = 30.0 * 86_400.0;
const PRUNED_AT_ONCE: i64 = 10_000;

fn sql(text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// The webhooks that are told of an event of this uploader's videos.
pub(super) async fn listeners(
    connection: &impl ConnectionTrait,
    event: webhook::Event,
    uploader: UserId,
) -> Result<Vec<webhook::Model>, DbErr> {
    let statement = sql(
        "SELECT w.* FROM webhook w JOIN \"user\" u ON u.id = w.user_id \
         WHERE w.off_reason IS NULL AND u.disabled_at IS NULL AND $1 = ANY(w.events) \
         AND (w.scope = 'own' AND w.user_id = $2 OR w.scope = 'site' AND u.role = 'admin') ORDER BY w.id",
        [event.to_value().into(), uploader.into()],
    );
    webhook::Entity::find().from_raw_sql(statement).all(connection).await
}

/// A message that this server is to send now.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Claimed {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub payload: String,
    /// The number of this try.
    pub attempts: i32,
    /// The number of this try in its series.
    pub tries: i32,
    pub sent_at: DateTimeUtc,
    pub url: String,
    pub secret_salt: Vec<u8>,
    /// Set while the secret before still signs.
    pub previous_salt: Option<Vec<u8>>,
}

/// Claims what is due: of each webhook the first message, and only while nobody sends to it, so that a slow one
/// holds up nobody but itself. Those that work come first; with `healthy_only` the others wait. What came of the
/// try before is forgotten, so that nobody takes it for the outcome of this one.
pub(super) async fn claim(
    connection: &impl ConnectionTrait,
    most: usize,
    healthy_only: bool,
) -> Result<Vec<Claimed>, DbErr> {
    let statement = sql(
        "WITH free AS ( \
            SELECT w.id AS webhook_id, due.id AS delivery_id FROM webhook w \
            JOIN \"user\" u ON u.id = w.user_id \
            CROSS JOIN LATERAL (SELECT d.id FROM webhook_delivery d \
                WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.run_after <= now() \
                ORDER BY d.run_after, d.sequence LIMIT 1) due \
            WHERE w.off_reason IS NULL AND u.disabled_at IS NULL AND w.busy_until <= now() \
                AND (NOT $2 OR w.failing_since IS NULL) \
            ORDER BY w.failing_since NULLS FIRST LIMIT $1 FOR NO KEY UPDATE OF w SKIP LOCKED \
         ), busy AS ( \
            UPDATE webhook w SET busy_until = now() + make_interval(secs => $3) FROM free WHERE w.id = free.webhook_id \
            RETURNING w.id, w.url, w.secret_salt, \
                CASE WHEN w.previous_until > now() THEN w.previous_salt END AS previous_salt \
         ) \
         UPDATE webhook_delivery d SET attempts = d.attempts + 1, last_attempt_at = now(), \
            error = NULL, status_code = NULL, response = NULL \
         FROM free JOIN busy ON busy.id = free.webhook_id WHERE d.id = free.delivery_id AND d.state = 'pending' \
         RETURNING d.id, d.webhook_id, d.payload, d.attempts, d.attempts - d.attempts_before AS tries, \
            d.last_attempt_at AS sent_at, busy.url, busy.secret_salt, busy.previous_salt",
        [i64::try_from(most).unwrap_or(i64::MAX).into(), healthy_only.into(), BUSY_FOR_S.into()],
    );
    Claimed::find_by_statement(statement).all(connection).await
}

/// Locks a webhook; nothing when it is gone. Whatever writes to messages takes this lock first, so that no two wait
/// for each other.
pub(super) async fn lock(
    connection: &impl ConnectionTrait,
    webhook: WebhookId,
) -> Result<Option<webhook::Model>, DbErr> {
    let statement = sql("SELECT * FROM webhook WHERE id = $1 FOR NO KEY UPDATE", [webhook.into()]);
    webhook::Entity::find().from_raw_sql(statement).one(connection).await
}

/// What becomes of a message after a try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Then {
    Delivered,
    /// To be sent again after so many seconds.
    Again(f64),
    GiveUp,
}

/// Writes down what came of a try; answers whether it was still the last one.
pub(super) async fn record(
    connection: &impl ConnectionTrait,
    claimed: &Claimed,
    outcome: &Outcome,
    then: Then,
) -> Result<bool, DbErr> {
    let (state, wait_s) = match then {
        Then::Delivered => ("delivered", None),
        Then::Again(wait_s) => ("pending", Some(wait_s)),
        Then::GiveUp => ("failed", None),
    };
    // What was ended meanwhile, because the webhook was switched off, stays so unless it did arrive.
    const COUNTS: &str = "state = 'pending' OR $3 = 'delivered'";
    let statement = sql(
        &format!(
            "UPDATE webhook_delivery SET status_code = $4, duration_ms = $5, response = $6, \
             state = CASE WHEN {COUNTS} THEN $3 ELSE state END, error = CASE WHEN {COUNTS} THEN $7 ELSE error END, \
             finished_at = CASE WHEN {COUNTS} AND $3 = 'pending' THEN NULL ELSE now() END, \
             run_after = now() + make_interval(secs => coalesce($8, 0)) WHERE id = $1 AND attempts = $2"
        ),
        [
            claimed.id.into(),
            claimed.attempts.into(),
            state.into(),
            outcome.status.map(i32::from).into(),
            outcome.duration_ms.into(),
            outcome.response.clone().into(),
            outcome.error.clone().into(),
            wait_s.into(),
        ],
    );
    Ok(connection.execute_raw(statement).await?.rows_affected() > 0)
}

/// Frees a webhook after a try, and takes note of whether it works.
pub(super) async fn free(
    connection: &impl ConnectionTrait,
    webhook: WebhookId,
    error: Option<&str>,
) -> Result<(), DbErr> {
    let statement = sql(
        "UPDATE webhook SET busy_until = now(), last_error = $2, \
         failing_since = CASE WHEN $2::text IS NOT NULL THEN coalesce(failing_since, now()) END WHERE id = $1",
        [webhook.into(), error.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Whether nothing has arrived at a webhook for so many seconds.
pub(super) async fn fails_for(
    connection: &impl ConnectionTrait,
    webhook: WebhookId,
    seconds: f64,
) -> Result<bool, DbErr> {
    let statement = sql(
        "SELECT 1 FROM webhook WHERE id = $1 AND failing_since <= now() - make_interval(secs => $2)",
        [webhook.into(), seconds.into()],
    );
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// Switches webhooks off that are on: one, or all of a person. What waited for them is given up.
pub(super) async fn switch_off(
    connection: &impl ConnectionTrait,
    which: Which,
    reason: webhook::OffReason,
) -> Result<(), DbErr> {
    let (column, id) = match which {
        Which::One(webhook) => ("id", Value::from(webhook)),
        Which::AllOf(user) => ("user_id", Value::from(user)),
    };
    let statement = sql(
        &format!(
            "UPDATE webhook SET off_reason = $2, off_at = now() WHERE {column} = $1 AND off_reason IS NULL"
        ),
        [id.clone(), reason.to_value().into()],
    );
    connection.execute_raw(statement).await?;
    let statement = sql(
        &format!(
            "UPDATE webhook_delivery SET state = 'failed', finished_at = now(), \
             error = coalesce(error || ' Then the webhook was switched off.', 'The webhook was switched off.') \
             WHERE state = 'pending' AND webhook_id IN (SELECT id FROM webhook WHERE {column} = $1)"
        ),
        [id],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// See [`switch_off`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    One(WebhookId),
    AllOf(UserId),
}

/// Has a message sent now, as the first try of a new series.
pub(super) async fn send_again(connection: &impl ConnectionTrait, delivery: DeliveryId) -> Result<(), DbErr> {
    let statement = sql(
        "UPDATE webhook_delivery SET state = 'pending', attempts_before = attempts, run_after = now(), \
         finished_at = NULL WHERE id = $1",
        [delivery.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// How many messages of a kind a webhook was sent in the last minute.
pub(super) async fn sent_lately(
    connection: &impl ConnectionTrait,
    webhook: WebhookId,
    event: &str,
) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        count: i64,
    }
    let statement = sql(
        "SELECT count(*) AS count FROM webhook_delivery \
         WHERE webhook_id = $1 AND event = $2 AND created_at > now() - interval '1 minute'",
        [webhook.into(), event.into()],
    );
    Ok(Count::find_by_statement(statement).one(connection).await?.map_or(0, |count| count.count))
}

/// Gives a webhook another salt; the one before goes on to sign for so many seconds.
pub(super) async fn rotate(
    connection: &impl ConnectionTrait,
    webhook: WebhookId,
    salt: Vec<u8>,
    overlap_s: f64,
) -> Result<Option<webhook::Model>, DbErr> {
    let statement = sql(
        "UPDATE webhook SET previous_salt = secret_salt, previous_until = now() + make_interval(secs => $3), \
         secret_salt = $2 WHERE id = $1 RETURNING *",
        [webhook.into(), salt.into(), overlap_s.into()],
    );
    webhook::Entity::find().from_raw_sql(statement).one(connection).await
}

/// Forgets messages that are older than a month and no longer wait.
///
/// # Errors
/// Whatever the database says.
pub async fn prune(app: &App) -> Result<u64> {
    let statement = sql(
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery \
         WHERE created_at < now() - make_interval(secs => $1) AND state <> 'pending' LIMIT $2)",
        [KEPT_FOR_S.into(), PRUNED_AT_ONCE.into()],
    );
    Ok(app.database.execute_raw(statement).await?.rows_affected())
}

//! Views: counted once a viewer, video and day.

use kinora_entity::{VideoId, ViewId};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use sha2::{Digest, Sha256};

use super::{opinion, service};
use crate::{
    account::{ClientAddress, Requester},
    app::App,
    error::{Error, Result},
};

/// A glance is no view: this much has to be played, or half of a shorter video.
const SHORTEST_VIEW_MS: i64 = 2_000;

/// Counts a view, and returns whether it was the viewer's first of the day.
///
/// # Errors
/// BAD_USER_INPUT on `positionMs`, NOT_FOUND.
pub async fn record(
    app: &App,
    requester: &Requester,
    address: ClientAddress,
    id: VideoId,
    position_ms: i32,
) -> Result<bool> {
    if position_ms < 0 {
        return Err(Error::bad_input("positionMs", "A position is not below 0."));
    }
    let video = service::visible(app, requester, id).await?;
    let Some(duration_ms) = video.duration_ms.filter(|_| video.published_attempt.is_some()) else {
        return Err(Error::not_found("video"));
    };
    let position_ms = i64::from(position_ms).min(duration_ms);
    if position_ms < SHORTEST_VIEW_MS.min(duration_ms / 2) {
        return Ok(false);
    }
    let now = app.clock.now();
    let transaction = app.database.begin().await?;
    let values: [sea_orm::Value; 7] = [
        ViewId::random().into(),
        id.into(),
        requester.user_id().into(),
        viewer_key(app, requester, address).into(),
        now.date_naive().into(),
        position_ms.into(),
        now.into(),
    ];
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO view (id, video_id, user_id, viewer_key, viewed_on, position_ms, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (video_id, viewer_key, viewed_on) \
         DO UPDATE SET position_ms = greatest(view.position_ms, excluded.position_ms) \
         RETURNING (xmax = 0) AS is_new",
        values,
    );
    let is_new = match transaction.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "is_new")?,
        None => false,
    };
    if is_new {
        opinion::count(&transaction, id, "view_count = view_count + 1", []).await?;
    }
    transaction.commit().await?;
    Ok(is_new)
}

fn viewer_key(app: &App, requester: &Requester, address: ClientAddress) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(app.viewer_secret);
    match requester.user_id() {
        Some(user) => hash.update(user.to_string()),
        None => hash.update(address.octets()),
    }
    hash.finalize().to_vec()
}

//! Uploads that nobody came back to.

use kinora_entity::upload;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::service;
use crate::{app::App, error::Result};

const AT_ONCE: u64 = 100;

/// Ends the uploads that were silent too long and frees their parts; returns how many.
///
/// # Errors
/// Whatever the database says; what the store says is logged and tried again next time.
pub async fn expire_abandoned(app: &App) -> Result<usize> {
    let silent = upload::Entity::find()
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .filter(upload::Column::ExpiresAt.lt(app.clock.now()))
        .limit(AT_ONCE)
        .all(&app.database)
        .await?;
    let count = silent.len();
    for row in silent {
        let id = row.id;
        if service::close(app, row, upload::State::Expired).await.is_err() {
            tracing::warn!(upload = %id, "an abandoned upload could not be cleared away entirely");
        }
    }
    Ok(count)
}

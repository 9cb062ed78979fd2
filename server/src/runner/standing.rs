//! What a runner may do: all, finish what it has, nothing, or never anything again.

use kinora_entity::{RunnerId, runner};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect,
    TransactionTrait,
};

use crate::{
    account::revoke_of_runner,
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    job as queue,
};

/// Has a runner work, finish what it has, or do nothing. Repeating it is no error.
///
/// # Errors
/// NOT_FOUND, CONFLICT for one that is revoked, BAD_USER_INPUT for `REVOKED`, which [`revoke`] does.
pub async fn set(app: &App, id: RunnerId, state: runner::State) -> Result<runner::Model> {
    if state == runner::State::Revoked {
        return Err(Error::bad_input("state", "Use revokeRunner, which cannot be undone."));
    }
    let transaction = app.database.begin().await?;
    let found = locked(&transaction, id).await?;
    if found.state == runner::State::Revoked {
        return Err(Error::Conflict {
            field: None,
            message: "This runner is revoked for good. Register the machine anew.".into(),
        });
    }
    let changed = change(&transaction, found, state).await?;
    transaction.commit().await?;
    end_leases(app, &changed, "its runner was disabled").await?;
    Ok(changed)
}

/// Takes a runner's credential away for good. Repeating it is no error.
///
/// # Errors
/// NOT_FOUND.
pub async fn revoke(app: &App, id: RunnerId) -> Result<runner::Model> {
    let transaction = app.database.begin().await?;
    let found = locked(&transaction, id).await?;
    revoke_of_runner(app, &transaction, found.api_token_id).await?;
    let changed = change(&transaction, found, runner::State::Revoked).await?;
    transaction.commit().await?;
    end_leases(app, &changed, "its runner was revoked").await?;
    Ok(changed)
}

async fn locked(transaction: &DatabaseTransaction, id: RunnerId) -> Result<runner::Model> {
    let found = runner::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    found.ok_or_else(|| Error::not_found("runner"))
}

/// From the commit on, by the database: no lease for one that is not active, no write under an old one for one
/// that keeps nothing.
async fn change(
    transaction: &DatabaseTransaction,
    found: runner::Model,
    state: runner::State,
) -> Result<runner::Model> {
    if found.state == state {
        return Ok(found);
    }
    tracing::info!(runner = %found.id, name = found.name, from = ?found.state, to = ?state, "a runner was told");
    let mut row = found.into_active_model();
    row.state = Set(state);
    let changed = row.update(transaction).await?;
    // One that may work again looks at once.
    notify(transaction, Event::Job).await?;
    Ok(changed)
}

async fn end_leases(app: &App, changed: &runner::Model, why: &str) -> Result<()> {
    if changed.state.keeps_jobs() {
        return Ok(());
    }
    queue::take_back(app, changed.id, why).await
}

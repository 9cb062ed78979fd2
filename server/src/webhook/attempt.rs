//! One try of one message, and what follows from it.

use kinora_entity::webhook::OffReason;
use sea_orm::TransactionTrait;

use super::{
    client::{Message, Outcome},
    schedule::{FAILING_FOR_S, wait_s},
    signature::Secret,
    store::{self, Claimed, Then, Which},
};
use crate::{app::App, error::Result};

/// The answer that means: never again.
const GONE: u16 = 410;

/// Sends a claimed message and writes down what came of it.
///
/// # Errors
/// Whatever the database says; the message is then sent again.
pub(super) async fn attempt(app: &App, claimed: Claimed) -> Result<()> {
    let id = format!("msg_{}", claimed.id);
    let sign = |secret: Secret| secret.sign(&id, claimed.sent_at, &claimed.payload);
    let salts = [Some(&claimed.secret_salt), claimed.previous_salt.as_ref()];
    let signatures: Vec<String> = salts
        .into_iter()
        .flatten()
        .map(|salt| sign(app.messenger.key.secret(claimed.webhook_id, salt)))
        .collect();
    let message = Message {
        url: &claimed.url,
        sent_at: claimed.sent_at,
        body: claimed.payload.clone(),
        signatures: signatures.join(" "),
        id,
    };
    let outcome = app.messenger.send(message).await;
    settle(app, &claimed, &outcome).await
}

async fn settle(app: &App, claimed: &Claimed, outcome: &Outcome) -> Result<()> {
    let then = if outcome.error.is_none() {
        Then::Delivered
    } else if outcome.status == Some(GONE) {
        Then::GiveUp
    } else {
        wait_s(claimed.tries, outcome.retry_after, rand::random()).map_or(Then::GiveUp, Then::Again)
    };
    let transaction = app.database.begin().await?;
    if store::lock(&transaction, claimed.webhook_id).await?.is_none()
        || !store::record(&transaction, claimed, outcome, then).await?
    {
        // The webhook is gone, or this try took so long that another server has taken over.
        return Ok(());
    }
    store::free(&transaction, claimed.webhook_id, outcome.error.as_deref()).await?;
    let reason = match then {
        Then::GiveUp if outcome.status == Some(GONE) => Some(OffReason::Gone),
        Then::GiveUp if store::fails_for(&transaction, claimed.webhook_id, FAILING_FOR_S).await? => {
            Some(OffReason::Failing)
        }
        _ => None,
    };
    if let Some(reason) = reason {
        tracing::info!(webhook = %claimed.webhook_id, ?reason, "a webhook is switched off");
        store::switch_off(&transaction, Which::One(claimed.webhook_id), reason).await?;
    }
    transaction.commit().await?;
    if let Some(error) = &outcome.error {
        tracing::debug!(delivery = %claimed.id, webhook = %claimed.webhook_id, tries = claimed.tries, error, "a message did not arrive");
    }
    Ok(())
}

//! What an administrator does from the command line.

use kinora_entity::{RunnerId, runner, user, webhook::OffReason};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, TransactionTrait};

use super::{
    Passwords, Username, service,
    token::{self, Lifetime, NewToken, TokenName},
};
use crate::{
    app::App,
    error::{Error, Result},
    webhook,
};

async fn find(app: &App, username: &str) -> Result<user::Model> {
    user::Entity::by_username(username).one(&app.database).await?.ok_or_else(|| Error::not_found("account"))
}

/// Makes an account, whatever the policy of sign-up.
///
/// # Errors
/// BAD_USER_INPUT, or CONFLICT when the name is taken.
pub async fn create_user(
    app: &App,
    username: &str,
    password: String,
    role: user::Role,
) -> Result<user::Model> {
    let username = Username::parse(username)?;
    Passwords::check_strength(&password, username.as_str())?;
    service::insert_user(app, username, password, role).await
}

/// Gives an account another role.
///
/// # Errors
/// NOT_FOUND.
pub async fn promote(app: &App, username: &str, role: user::Role) -> Result<()> {
    let mut account = find(app, username).await?.into_active_model();
    account.role = Set(role);
    account.update(&app.database).await?;
    Ok(())
}

/// Shuts an account out at once: no log-in, no session, no token.
///
/// # Errors
/// NOT_FOUND.
pub async fn disable(app: &App, username: &str) -> Result<()> {
    let account = find(app, username).await?;
    let id = account.id;
    let mut account = account.into_active_model();
    account.disabled_at = Set(Some(app.clock.now()));
    let transaction = app.database.begin().await?;
    account.update(&transaction).await?;
    service::end_all_sessions(app, &transaction, id).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sets a new password, ends every session and every token of the account and switches its webhooks off: whoever
/// knew the old one may have made some.
///
/// # Errors
/// NOT_FOUND, BAD_USER_INPUT.
pub async fn reset_password(app: &App, username: &str, password: String) -> Result<()> {
    Passwords::check_strength(&password, username)?;
    let account = find(app, username).await?;
    let id = account.id;
    let mut account = account.into_active_model();
    account.password_hash = Set(app.passwords.hash(password).await?);
    account.disabled_at = Set(None);
    let transaction = app.database.begin().await?;
    account.update(&transaction).await?;
    token::revoke_all(app, &transaction, id).await?;
    webhook::switch_off_all(&transaction, id, OffReason::Password).await?;
    service::end_all_sessions(app, &transaction, id).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes a token that speaks for an account. It is shown once and stored hashed.
///
/// # Errors
/// NOT_FOUND, or CONFLICT when the account has too many.
pub async fn create_user_token(app: &App, username: &str, new: NewToken) -> Result<String> {
    let owner = find(app, username).await?;
    Ok(token::create(app, owner.id, new).await?.0)
}

/// Makes a token for a runner. It is shown once and stored hashed.
///
/// # Errors
/// BAD_USER_INPUT.
pub async fn create_runner_token(app: &App, name: &str, lifetime: Lifetime) -> Result<String> {
    let name = TokenName::parse(name)?;
    let transaction = app.database.begin().await?;
    let (secret, row) = token::insert_for_runner(app, &transaction, &name, lifetime).await?;
    runner::ActiveModel {
        id: Set(RunnerId::random()),
        api_token_id: Set(row.id),
        name: Set(row.name),
        created_at: Set(row.created_at),
        last_seen_at: Set(None),
    }
    .insert(&transaction)
    .await?;
    transaction.commit().await?;
    Ok(secret)
}

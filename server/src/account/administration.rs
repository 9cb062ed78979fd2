//! What an administrator does from the command line.

use kinora_entity::{RunnerId, runner, user, webhook::OffReason};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, IntoActiveModel, TransactionTrait};

use super::{
    Passwords, Username,
    authentication::new_api_token,
    service,
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

/// Makes a runner and its credential, for machines that keep nothing from one start to the next. The credential
/// is shown once and stored hashed.
///
/// # Errors
/// BAD_USER_INPUT.
pub async fn create_runner_token(app: &App, name: &str, lifetime: Lifetime) -> Result<String> {
    let name = TokenName::parse(name)?;
    let (secret, secret_hash) = new_api_token();
    let transaction = app.database.begin().await?;
    insert_runner(app, &transaction, &name, secret_hash, lifetime).await?;
    transaction.commit().await?;
    Ok(secret)
}

/// Inserts a runner and its credential, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn insert_runner(
    app: &App,
    connection: &impl ConnectionTrait,
    name: &TokenName,
    secret_hash: Vec<u8>,
    lifetime: Lifetime,
) -> Result<runner::Model> {
    let credential = token::insert_for_runner(app, connection, name, secret_hash, lifetime).await?;
    let row = runner::ActiveModel {
        id: Set(RunnerId::random()),
        api_token_id: Set(credential.id),
        name: Set(credential.name),
        state: Set(runner::State::Active),
        capabilities: Set(None),
        created_at: Set(credential.created_at),
        last_seen_at: Set(None),
    };
    Ok(row.insert(connection).await?)
}

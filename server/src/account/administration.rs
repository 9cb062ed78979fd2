//! What an administrator does from the command line.

use kinora_entity::{ApiTokenId, RunnerId, api_token, runner, user};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, TransactionTrait};

use super::{Passwords, Username, authentication::new_api_token, service};
use crate::{
    app::App,
    error::{Error, Result},
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

/// Sets a new password and ends every session of the account.
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
    service::end_all_sessions(app, &transaction, id).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes a token: for `user` where one is named, else for a runner. It is shown once and stored hashed.
///
/// # Errors
/// NOT_FOUND, BAD_USER_INPUT.
pub async fn create_token(app: &App, name: &str, user: Option<&str>) -> Result<String> {
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::bad_input("name", "The name of a token has 1 to 100 printable characters."));
    }
    let owner = match user {
        Some(username) => Some(find(app, username).await?),
        None => None,
    };
    let (token, secret_hash) = new_api_token();
    let now = app.clock.now();
    let transaction = app.database.begin().await?;
    let row = api_token::ActiveModel {
        id: Set(ApiTokenId::random()),
        kind: Set(if owner.is_some() { api_token::Kind::User } else { api_token::Kind::Runner }),
        user_id: Set(owner.as_ref().map(|user| user.id)),
        name: Set(name.to_owned()),
        secret_hash: Set(secret_hash),
        created_at: Set(now),
        expires_at: Set(None),
        revoked_at: Set(None),
    }
    .insert(&transaction)
    .await?;
    if owner.is_none() {
        runner::ActiveModel {
            id: Set(RunnerId::random()),
            api_token_id: Set(row.id),
            name: Set(name.to_owned()),
            created_at: Set(now),
            last_seen_at: Set(None),
        }
        .insert(&transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(token)
}

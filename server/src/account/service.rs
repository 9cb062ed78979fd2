//! The rules of signing up, logging in and logging out.

use chrono::{DateTime, Utc};
use kinora_entity::{SessionId, UserId, session, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    SqlErr, TransactionTrait, sea_query::Expr,
};

use super::{ClientAddress, Passwords, SESSION_LIFETIME, Username, Viewer};
use crate::{
    app::App,
    config::SignUp,
    error::{Error, Result},
    events::{Event, notify},
};

/// A fresh log-in.
pub struct NewSession {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub user: user::Model,
}

/// Makes an account and logs it in.
///
/// # Errors
/// BAD_USER_INPUT, CONFLICT when the name is taken, FORBIDDEN where sign-up is closed, RATE_LIMITED.
pub async fn sign_up(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: String,
) -> Result<NewSession> {
    if app.config.sign_up != SignUp::Open {
        return Err(Error::Forbidden(
            "This site does not take new accounts. Ask its administrator for one.".into(),
        ));
    }
    let username = Username::parse(username)?;
    Passwords::check_strength(&password, username.as_str())?;
    app.throttle.sign_up(address)?;
    let user = insert_user(app, username, password, user::Role::Member).await?;
    begin_session(app, user).await
}

/// Inserts an account; the name is checked already.
///
/// # Errors
/// CONFLICT when the name is taken.
pub async fn insert_user(
    app: &App,
    username: Username,
    password: String,
    role: user::Role,
) -> Result<user::Model> {
    let password_hash = app.passwords.hash(password).await?;
    let inserted = user::ActiveModel {
        id: Set(UserId::random()),
        username: Set(username.into_string()),
        password_hash: Set(password_hash),
        role: Set(role),
        disabled_at: Set(None),
        created_at: Set(app.clock.now()),
    }
    .insert(&app.database)
    .await;
    inserted.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Conflict {
            field: Some("username"),
            message: "This name is taken. Choose another one, or log in if it is yours.".into(),
        },
        _ => error.into(),
    })
}

/// Logs in. A wrong name and a wrong password get the same answer after the same time.
///
/// # Errors
/// UNAUTHENTICATED, RATE_LIMITED.
pub async fn log_in(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: String,
) -> Result<NewSession> {
    app.throttle.log_in(username, address)?;
    let found = match Username::parse(username) {
        Ok(name) => user::Entity::by_username(name.as_str()).one(&app.database).await?,
        Err(_) => None,
    };
    let phc = found.as_ref().map(|user| user.password_hash.clone());
    // No password that was ever accepted is longer than 128 characters, so at most 512 bytes.
    let password = if password.len() > 512 { String::new() } else { password };
    let right = app.passwords.verify(password, phc).await?;
    match found {
        Some(user) if right && user.disabled_at.is_none() => begin_session(app, user).await,
        _ => Err(Error::Unauthenticated("Name or password is wrong.".into())),
    }
}

async fn begin_session(app: &App, user: user::Model) -> Result<NewSession> {
    let now = app.clock.now();
    let expires_at = now + SESSION_LIFETIME;
    let session = session::ActiveModel {
        id: Set(SessionId::random()),
        user_id: Set(user.id),
        created_at: Set(now),
        expires_at: Set(expires_at),
        ended_at: Set(None),
    }
    .insert(&app.database)
    .await?;
    let token = app.session_tokens.sign(user.id, session.id, expires_at).map_err(anyhow::Error::from)?;
    Ok(NewSession { token, expires_at, user })
}

/// Extends a session of which half is gone, and returns the token to keep from now on.
///
/// # Errors
/// Whatever the database says.
pub async fn renew(app: &App, viewer: &Viewer) -> Result<Option<String>> {
    let Some(session) = &viewer.session else { return Ok(None) };
    let now = app.clock.now();
    if session.expires_at - now > SESSION_LIFETIME / 2 {
        return Ok(None);
    }
    let expires_at = now + SESSION_LIFETIME;
    session::Entity::update_many()
        .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
        .filter(session::Column::Id.eq(session.id))
        .filter(session::Column::EndedAt.is_null())
        .exec(&app.database)
        .await?;
    let token =
        app.session_tokens.sign(viewer.user.id, session.id, expires_at).map_err(anyhow::Error::from)?;
    Ok(Some(token))
}

/// Ends the session of the viewer, everywhere and at once.
///
/// # Errors
/// Whatever the database says.
pub async fn log_out(app: &App, viewer: &Viewer) -> Result<()> {
    let Some(session) = &viewer.session else { return Ok(()) };
    let transaction = app.database.begin().await?;
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(app.clock.now()))
        .filter(session::Column::Id.eq(session.id))
        .exec(&transaction)
        .await?;
    notify(&transaction, Event::SessionEnded(session.id)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends all sessions of an account, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn end_all_sessions(app: &App, connection: &impl ConnectionTrait, user: UserId) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::col(session::Column::EndedAt).if_null(app.clock.now()))
        .filter(session::Column::UserId.eq(user))
        .exec(connection)
        .await?;
    notify(connection, Event::UserEnded(user)).await?;
    Ok(())
}

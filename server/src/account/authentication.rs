//! From what a request carries to who sent it.

use chrono::Duration;
use kinora_entity::{SessionId, UserId, api_token, runner, session, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use sha2::{Digest, Sha256};

use super::{Requester, Viewer};
use crate::{
    app::App,
    error::{Error, Result},
};

/// What proves who somebody is.
#[derive(Clone, Debug)]
pub enum Credentials {
    None,
    /// The session cookie of a browser. A stale one is no error: its holder is a guest.
    Cookie(String),
    /// `Authorization: Bearer`. One that is not good is refused, so that a program notices.
    Bearer(String),
}

/// Finds out who sent a request, in one statement for people.
///
/// # Errors
/// UNAUTHENTICATED for a bearer token that is not good.
pub async fn authenticate(app: &App, credentials: &Credentials) -> Result<Requester> {
    match credentials {
        Credentials::None => Ok(Requester::Guest),
        Credentials::Cookie(token) => Ok(by_session(app, token).await?.unwrap_or(Requester::Guest)),
        Credentials::Bearer(token) => {
            let requester = if is_api_token(token) {
                by_api_token(app, token).await?
            } else {
                by_session(app, token).await?
            };
            requester.ok_or_else(|| {
                Error::Unauthenticated(
                    "This token is not (or no longer) good. Log in, or make a new one.".into(),
                )
            })
        }
    }
}

async fn by_session(app: &App, token: &str) -> Result<Option<Requester>> {
    let Some((user_id, session_id)) = app.session_tokens.read(token) else { return Ok(None) };
    Ok(live_session(app, user_id, session_id)
        .await?
        .map(|(session, user)| Requester::User(Box::new(Viewer { user, session: Some(session) }))))
}

async fn live_session(
    app: &App,
    user_id: UserId,
    session_id: SessionId,
) -> Result<Option<(session::Model, user::Model)>> {
    let found = session::Entity::find_by_id(session_id)
        .filter(session::Column::UserId.eq(user_id))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(app.clock.now()))
        .find_also_related(user::Entity)
        .one(&app.database)
        .await?;
    Ok(match found {
        Some((session, Some(user))) if user.disabled_at.is_none() => Some((session, user)),
        _ => None,
    })
}

/// What every API token begins with.
const API_TOKEN_PREFIX: &str = "kn_";

fn is_api_token(token: &str) -> bool {
    token.starts_with(API_TOKEN_PREFIX)
}

/// A new API token and the hash that is kept of it.
pub(super) fn new_api_token() -> (String, Vec<u8>) {
    new_secret(API_TOKEN_PREFIX)
}

/// A new secret of 256 random bits behind a prefix, and the hash that is kept of it.
pub fn new_secret(prefix: &str) -> (String, Vec<u8>) {
    let secret = format!("{prefix}{}", hex::encode(rand::random::<[u8; 32]>()));
    let hash = secret_hash(&secret);
    (secret, hash)
}

/// What is kept of a secret.
pub fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// How exactly it is known when a token was last used: a program that asks a hundred times a second writes
/// once a minute.
const USE_IS_NOTED_EVERY: Duration = Duration::minutes(1);

async fn by_api_token(app: &App, token: &str) -> Result<Option<Requester>> {
    let hash = secret_hash(token);
    let now = app.clock.now();
    let found =
        api_token::Entity::find().filter(api_token::Column::SecretHash.eq(hash)).one(&app.database).await?;
    if found.as_ref().is_some_and(|token| token.kind == api_token::Kind::Runner && token.revoked_at.is_some())
    {
        return Err(Error::Unauthenticated("This runner has been revoked by an administrator.".into()));
    }
    let Some(found) =
        found.filter(|token| token.revoked_at.is_none() && token.expires_at.is_none_or(|end| end > now))
    else {
        return Ok(None);
    };
    if found.last_used_at.is_none_or(|at| now - at >= USE_IS_NOTED_EVERY) {
        api_token::Entity::update_many()
            .col_expr(api_token::Column::LastUsedAt, Expr::value(now))
            .filter(api_token::Column::Id.eq(found.id))
            .exec(&app.database)
            .await?;
    }
    match (found.kind, found.user_id) {
        (api_token::Kind::User, Some(user_id)) => {
            // One without a scope cannot be in the table; if it were, it could only read.
            let scope = found.scope.unwrap_or(api_token::Scope::Read);
            Ok(user::Entity::find_by_id(user_id)
                .one(&app.database)
                .await?
                .filter(|user| user.disabled_at.is_none())
                .map(|user| Requester::Token(Box::new(Viewer { user, session: None }), scope)))
        }
        (api_token::Kind::Runner, _) => Ok(runner::Entity::find()
            .filter(runner::Column::ApiTokenId.eq(found.id))
            .one(&app.database)
            .await?
            .map(|runner| Requester::Runner(Box::new(runner)))),
        (api_token::Kind::User, None) => Ok(None),
    }
}

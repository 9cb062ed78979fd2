//! Tokens that speak for a person or a runner: made, listed, revoked. Only their hashes are kept.

use chrono::{DateTime, Duration, Utc};
use kinora_entity::{ApiTokenId, UserId, api_token, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait, sea_query::Expr,
};

use super::{Viewer, authentication::new_api_token};
use crate::{
    app::App,
    error::{Error, Result},
};

/// Enough for every script and machine of one person; a limit against a script that makes one a run.
const MOST_LIVE_TOKENS: u64 = 50;
const LONGEST_NAME: usize = 60;
const LONGEST_LIFETIME_DAYS: i32 = 3650;
/// An expired token is listed for so long, so that its owner sees why a program has stopped.
const EXPIRED_ARE_SHOWN_FOR: Duration = Duration::days(30);

/// What a token is for: 1 to 60 printable characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

impl TokenName {
    /// # Errors
    /// BAD_USER_INPUT on `name`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
            return Err(Error::bad_input(
                "name",
                format!("The name of a token has 1 to {LONGEST_NAME} printable characters."),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For how long a token is good, in whole days; or without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Option<i32>);

impl Lifetime {
    pub const UNLIMITED: Self = Self(None);

    /// # Errors
    /// BAD_USER_INPUT on `expiresInDays`.
    pub fn of_days(days: Option<i32>) -> Result<Self> {
        if days.is_some_and(|days| !(1..=LONGEST_LIFETIME_DAYS).contains(&days)) {
            return Err(Error::bad_input(
                "expiresInDays",
                format!("A token lives for 1 to {LONGEST_LIFETIME_DAYS} days, or without an end."),
            ));
        }
        Ok(Self(days))
    }

    fn end(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.map(|days| now + Duration::days(days.into()))
    }
}

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: TokenName,
    pub scope: api_token::Scope,
    pub lifetime: Lifetime,
}

/// Makes a token for a person and gives its secret, this once.
///
/// # Errors
/// CONFLICT when there are too many already.
pub async fn create(app: &App, owner: UserId, new: NewToken) -> Result<(String, api_token::Model)> {
    let now = app.clock.now();
    let transaction = app.database.begin().await?;
    // Whoever else makes one for the same account waits here, so that the count is exact.
    user::Entity::find_by_id(owner).lock_exclusive().one(&transaction).await?;
    let live = api_token::Entity::owned_by(owner).filter(is_live(now)).count(&transaction).await?;
    if live >= MOST_LIVE_TOKENS {
        return Err(Error::Conflict {
            field: None,
            message: format!("You have {MOST_LIVE_TOKENS} tokens, which is the most. Revoke one first."),
        });
    }
    let (secret, secret_hash) = new_api_token();
    let row = api_token::ActiveModel {
        kind: Set(api_token::Kind::User),
        user_id: Set(Some(owner)),
        scope: Set(Some(new.scope)),
        ..blank(&new.name, secret_hash, new.lifetime, now)
    }
    .insert(&transaction)
    .await?;
    transaction.commit().await?;
    Ok((secret, row))
}

/// Inserts the token of a runner, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn insert_for_runner(
    app: &App,
    connection: &impl ConnectionTrait,
    name: &TokenName,
    secret_hash: Vec<u8>,
    lifetime: Lifetime,
) -> Result<api_token::Model> {
    let row = api_token::ActiveModel {
        kind: Set(api_token::Kind::Runner),
        user_id: Set(None),
        scope: Set(None),
        ..blank(name, secret_hash, lifetime, app.clock.now())
    };
    Ok(row.insert(connection).await?)
}

fn blank(
    name: &TokenName,
    secret_hash: Vec<u8>,
    lifetime: Lifetime,
    now: DateTime<Utc>,
) -> api_token::ActiveModel {
    api_token::ActiveModel {
        id: Set(ApiTokenId::random()),
        name: Set(name.0.clone()),
        secret_hash: Set(secret_hash),
        created_at: Set(now),
        expires_at: Set(lifetime.end(now)),
        revoked_at: Set(None),
        last_used_at: Set(None),
        ..Default::default()
    }
}

fn is_live(now: DateTime<Utc>) -> Condition {
    Condition::all().add(api_token::Column::RevokedAt.is_null()).add(
        Condition::any()
            .add(api_token::Column::ExpiresAt.is_null())
            .add(api_token::Column::ExpiresAt.gt(now)),
    )
}

/// The viewer's tokens, newest first: those that are good, and those that expired lately.
///
/// # Errors
/// FORBIDDEN when a token asks.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<api_token::Model>> {
    viewer.in_person()?;
    Ok(api_token::Entity::owned_by(viewer.user.id)
        .filter(is_live(app.clock.now() - EXPIRED_ARE_SHOWN_FOR))
        .order_by_desc(api_token::Column::CreatedAt)
        .order_by_desc(api_token::Column::Id)
        .all(&app.database)
        .await?)
}

/// Ends one of the viewer's tokens at once. Repeating it is no error.
///
/// # Errors
/// FORBIDDEN when a token asks, NOT_FOUND.
pub async fn revoke(app: &App, viewer: &Viewer, id: ApiTokenId) -> Result<()> {
    viewer.in_person()?;
    let mine = api_token::Entity::owned_by(viewer.user.id)
        .filter(api_token::Column::Id.eq(id))
        .one(&app.database)
        .await?;
    if mine.is_none() {
        return Err(Error::not_found("token"));
    }
    end(app, &app.database, Condition::all().add(api_token::Column::Id.eq(id))).await
}

/// Ends the token of a runner, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn revoke_of_runner(app: &App, connection: &impl ConnectionTrait, id: ApiTokenId) -> Result<()> {
    end(app, connection, Condition::all().add(api_token::Column::Id.eq(id))).await
}

/// Ends every token of an account, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn revoke_all(app: &App, connection: &impl ConnectionTrait, owner: UserId) -> Result<()> {
    end(app, connection, Condition::all().add(api_token::Column::UserId.eq(owner))).await
}

async fn end(app: &App, connection: &impl ConnectionTrait, which: Condition) -> Result<()> {
    api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, Expr::value(app.clock.now()))
        .filter(which)
        .filter(api_token::Column::RevokedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_printable() {
        for good in ["x", "  laptop  ", "Büro 🎞", &"n".repeat(60)] {
            assert!(TokenName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "   ", "a\nb", "a\0b", &"n".repeat(61)] {
            assert!(TokenName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_lifetime_is_in_whole_days_or_without_an_end() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(Lifetime::of_days(None).map(|life| life.end(now)).ok(), Some(None));
        assert_eq!(
            Lifetime::of_days(Some(30)).map(|life| life.end(now)).ok(),
            Some(Some(now + Duration::days(30)))
        );
        for days in [0, -1, 3651, i32::MAX, i32::MIN] {
            assert!(Lifetime::of_days(Some(days)).is_err(), "{days}");
        }
    }
}

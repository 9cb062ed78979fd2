//! How a machine becomes a runner: an administrator makes a token that is good once and for a day, and the machine
//! exchanges it for a credential that it has made itself, of which only the hash ever leaves it.

use chrono::Duration;
use kinora_entity::{RunnerRegistrationId, api_token, runner, runner_registration};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use crate::{
    account::{Lifetime, TokenName, insert_runner, new_secret, secret_hash},
    app::App,
    error::{Error, Result},
};

/// What every registration token begins with, so that a runner can tell it from a credential.
const PREFIX: &str = "knr_";
const MOST_HOURS: i32 = 24 * 30;
/// A fleet is set up a rack at a time.
const MOST_OPEN: u64 = 100;
/// One that was not used is forgotten so long after its end.
const EXPIRED_ARE_KEPT_FOR: Duration = Duration::days(7);
const HASH_BYTES: usize = 32;

/// For how long a registration token is good, in whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity(i32);

impl Validity {
    /// A day.
    pub const USUAL: Self = Self(24);

    /// # Errors
    /// BAD_USER_INPUT on `expiresInHours`.
    pub fn of_hours(hours: Option<i32>) -> Result<Self> {
        let Some(hours) = hours else { return Ok(Self::USUAL) };
        if !(1..=MOST_HOURS).contains(&hours) {
            return Err(Error::bad_input(
                "expiresInHours",
                format!("A registration token is good for 1 to {MOST_HOURS} hours."),
            ));
        }
        Ok(Self(hours))
    }
}

/// Makes a registration token and gives its secret, this once.
///
/// # Errors
/// CONFLICT when there are too many that nobody has used.
pub async fn create(
    app: &App,
    name: &TokenName,
    validity: Validity,
) -> Result<(String, runner_registration::Model)> {
    let now = app.clock.now();
    if open(app).count(&app.database).await? >= MOST_OPEN {
        return Err(Error::Conflict {
            field: None,
            message: format!("{MOST_OPEN} registration tokens wait to be used. Withdraw one first."),
        });
    }
    let (secret, secret_hash) = new_secret(PREFIX);
    let row = runner_registration::ActiveModel {
        id: Set(RunnerRegistrationId::random()),
        name: Set(name.as_str().to_owned()),
        secret_hash: Set(secret_hash),
        created_at: Set(now),
        expires_at: Set(now + Duration::hours(validity.0.into())),
        used_at: Set(None),
        runner_id: Set(None),
    };
    Ok((secret, row.insert(&app.database).await?))
}

fn open(app: &App) -> sea_orm::Select<runner_registration::Entity> {
    runner_registration::Entity::find()
        .filter(runner_registration::Column::UsedAt.is_null())
        .filter(runner_registration::Column::ExpiresAt.gt(app.clock.now()))
}

/// The registration tokens that can still be used, newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn list_open(app: &App) -> Result<Vec<runner_registration::Model>> {
    let rows = open(app)
        .order_by_desc(runner_registration::Column::CreatedAt)
        .order_by_desc(runner_registration::Column::Id)
        .limit(MOST_OPEN)
        .all(&app.database)
        .await?;
    Ok(rows)
}

/// Takes a registration token back that nobody has used.
///
/// # Errors
/// NOT_FOUND, CONFLICT when a machine was faster.
pub async fn withdraw(app: &App, id: RunnerRegistrationId) -> Result<()> {
    let gone = runner_registration::Entity::delete_many()
        .filter(runner_registration::Column::Id.eq(id))
        .filter(runner_registration::Column::UsedAt.is_null())
        .exec(&app.database)
        .await?;
    if gone.rows_affected > 0 {
        return Ok(());
    }
    match runner_registration::Entity::find_by_id(id).one(&app.database).await? {
        Some(_) => Err(Error::Conflict {
            field: None,
            message: "A machine has used this token already. Revoke the runner instead.".into(),
        }),
        None => Err(Error::not_found("registration token")),
    }
}

/// Forgets what was never used and ended long ago.
///
/// # Errors
/// Whatever the database says.
pub async fn forget_expired(app: &App) -> Result<()> {
    runner_registration::Entity::delete_many()
        .filter(runner_registration::Column::UsedAt.is_null())
        .filter(runner_registration::Column::ExpiresAt.lt(app.clock.now() - EXPIRED_ARE_KEPT_FOR))
        .exec(&app.database)
        .await?;
    Ok(())
}

/// What a machine sends to become a runner.
#[derive(Clone, Debug)]
pub struct Registration {
    pub token: String,
    /// Without one, the name that the administrator gave.
    pub name: Option<TokenName>,
    /// SHA-256 of the credential.
    pub credential_hash: Vec<u8>,
}

impl Registration {
    /// # Errors
    /// BAD_USER_INPUT on `credentialHash` or `name`.
    pub fn parse(token: String, name: Option<&str>, credential_hash: &str) -> Result<Self> {
        let credential_hash =
            hex::decode(credential_hash).ok().filter(|hash| hash.len() == HASH_BYTES).ok_or_else(|| {
                Error::bad_input("credentialHash", "The SHA-256 of the credential in 64 hexadecimal digits.")
            })?;
        Ok(Self { token, name: name.map(TokenName::parse).transpose()?, credential_hash })
    }
}

/// Makes a runner of the machine that sends this. Whoever sends the same again gets the same answer, so that a
/// lost one costs nothing; of two machines with one token, one wins.
///
/// # Errors
/// UNAUTHENTICATED for a token that is unknown or over, CONFLICT for one that another machine has used.
pub async fn register(app: &App, new: Registration) -> Result<runner::Model> {
    let now = app.clock.now();
    let transaction = app.database.begin().await?;
    let found = runner_registration::Entity::find()
        .filter(runner_registration::Column::SecretHash.eq(secret_hash(&new.token)))
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or_else(|| refused("This is no registration token of this site, or it was withdrawn."))?;
    if found.runner_id.is_some() {
        return registered_before(&transaction, &found, &new).await;
    }
    if found.expires_at <= now {
        return Err(refused("This registration token has expired."));
    }
    if is_taken(&transaction, &new.credential_hash).await? {
        return Err(Error::bad_input("credentialHash", "Make another credential: this one is in use."));
    }
    let name = match new.name {
        Some(name) => name,
        None => TokenName::parse(&found.name)?,
    };
    let row = insert_runner(app, &transaction, &name, new.credential_hash, Lifetime::UNLIMITED).await?;
    let mut found = found.into_active_model();
    found.used_at = Set(Some(now));
    found.runner_id = Set(Some(row.id));
    found.update(&transaction).await?;
    transaction.commit().await?;
    tracing::info!(runner = %row.id, name = row.name, "a machine has become a runner");
    Ok(row)
}

/// The sentence ends in what to do, which the machine's own words say.
fn refused(message: &str) -> Error {
    Error::Unauthenticated(message.into())
}

async fn is_taken(connection: &impl ConnectionTrait, hash: &[u8]) -> Result<bool> {
    Ok(by_hash(connection, hash).await?.is_some())
}

async fn by_hash(connection: &impl ConnectionTrait, hash: &[u8]) -> Result<Option<api_token::Model>> {
    Ok(api_token::Entity::find()
        .filter(api_token::Column::SecretHash.eq(hash.to_vec()))
        .one(connection)
        .await?)
}

/// The same machine asks again because it has not heard the answer, or another one comes too late.
async fn registered_before(
    connection: &impl ConnectionTrait,
    used: &runner_registration::Model,
    new: &Registration,
) -> Result<runner::Model> {
    let row = match used.runner_id {
        Some(id) => runner::Entity::find_by_id(id).one(connection).await?,
        None => None,
    };
    let credential = by_hash(connection, &new.credential_hash).await?;
    match (row, credential) {
        (Some(row), Some(credential)) if row.api_token_id == credential.id => {
            if row.state == runner::State::Revoked {
                return Err(refused("This runner has been revoked by an administrator."));
            }
            Ok(row)
        }
        _ => Err(Error::Conflict {
            field: None,
            message:
                "This registration token was used already, by another machine or by one that has lost its \
                      credential. It is good once."
                    .into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_hours_up_to_a_month() {
        assert_eq!(Validity::of_hours(None).ok(), Some(Validity::USUAL));
        for hours in [0, -1, 721, i32::MAX, i32::MIN] {
            assert!(Validity::of_hours(Some(hours)).is_err(), "{hours}");
        }
    }

    #[test]
    fn a_credential_comes_as_its_whole_hash() {
        let parse = |hash: &str| Registration::parse("knr_x".into(), None, hash).is_ok();
        assert!(parse(&"a0".repeat(32)));
        for bad in ["", "kn_secret", &"a0".repeat(31), &"a0".repeat(33), &"zz".repeat(32)] {
            assert!(!parse(bad), "{bad}");
        }
    }
}

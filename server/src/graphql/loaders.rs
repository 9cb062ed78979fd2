//! Many rows at once: each feature implements `Loader` for [`Loaders`] with a key type of its own.

use std::hash::Hash;

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use kinora_entity::UserId;
use sea_orm::DbErr;

use super::ContextExt;
use crate::{
    app::SharedApp,
    error::{Error, Result},
};

/// What the loaders of one request work with.
pub struct Loaders {
    pub app: SharedApp,
    /// Whose stars and favourites are meant.
    pub viewer: Option<UserId>,
}

/// A failure that everybody who waited for the same batch gets.
#[derive(Clone, Debug)]
pub struct LoadError(Error);

impl From<DbErr> for LoadError {
    fn from(error: DbErr) -> Self {
        Self(error.into())
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        error.0
    }
}

/// One value of a batch.
///
/// # Errors
/// INTERNAL when the batch failed, UNAVAILABLE when the database is away.
pub async fn load<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Loaders as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Loaders: Loader<K, Error = LoadError>,
{
    let loader: &DataLoader<Loaders> = ctx.loader();
    Ok(loader.load_one(key).await?)
}

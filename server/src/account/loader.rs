//! Accounts by id, many at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use kinora_entity::{UserId, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::graphql::{LoadError, Loaders};

/// Loads the account of that id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserKey(pub UserId);

impl Loader<UserKey> for Loaders {
    type Value = user::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[UserKey]) -> Result<HashMap<UserKey, user::Model>, LoadError> {
        let found = user::Entity::find()
            .filter(user::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(&self.app.database)
            .await?;
        Ok(found.into_iter().map(|user| (UserKey(user.id), user)).collect())
    }
}

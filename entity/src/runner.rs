//! Machines that process videos, as the server knows them.

use sea_orm::entity::prelude::*;

use crate::id::{ApiTokenId, RunnerId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunnerId,
    pub api_token_id: ApiTokenId,
    pub name: String,
    pub created_at: DateTimeUtc,
    pub last_seen_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

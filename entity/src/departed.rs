//! What was deleted on purpose. Objects that nothing names are removed without being asked only where this
//! table, or the row of their video or upload, says whose they were: a bucket that the database has never
//! heard of (a restored copy, a fresh database) is left alone.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departed")]
pub struct Model {
    /// The beginning of the keys of all objects that went, or one whole key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_prefix: String,
    pub departed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Tokens with which a machine becomes a runner, once. Only a hash is kept.

use sea_orm::entity::prelude::*;

use crate::id::{RunnerId, RunnerRegistrationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runner_registration")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunnerRegistrationId,
    /// What the runner is called unless it says otherwise.
    pub name: String,
    /// SHA-256 of the secret, which has 256 random bits.
    pub secret_hash: Vec<u8>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// Both or neither of these two.
    pub used_at: Option<DateTimeUtc>,
    pub runner_id: Option<RunnerId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

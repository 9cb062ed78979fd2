//! Bearer tokens of programs. Only a hash is kept.

use sea_orm::entity::prelude::*;

use crate::id::{ApiTokenId, UserId};

/// For whom a token speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// Its user.
    #[sea_orm(string_value = "user")]
    User,
    /// A runner: it may lease and report jobs and nothing else.
    #[sea_orm(string_value = "runner")]
    Runner,
}

/// What a person's token may do. Each may what the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Scope {
    /// Look at what its user sees.
    #[sea_orm(string_value = "read")]
    Read,
    /// Send files, and say what they are.
    #[sea_orm(string_value = "upload")]
    Upload,
    /// Whatever its user may, but for tokens, passwords and log-ins.
    #[sea_orm(string_value = "all")]
    All,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiTokenId,
    pub kind: Kind,
    /// Set for tokens of users, absent for those of runners.
    pub user_id: Option<UserId>,
    pub name: String,
    /// Set for tokens of users, absent for those of runners.
    pub scope: Option<Scope>,
    /// SHA-256 of the secret, which has 256 random bits: no salt and no slow hash are needed.
    pub secret_hash: Vec<u8>,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    /// To the minute.
    pub last_used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub fn owned_by(user: UserId) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user))
    }
}

//! Accounts.

use sea_orm::{ExprTrait, entity::prelude::*, sea_query::Func};

use crate::id::UserId;

/// What an account may do beyond its own things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    #[sea_orm(string_value = "member")]
    Member,
    #[sea_orm(string_value = "moderator")]
    Moderator,
    #[sea_orm(string_value = "admin")]
    Admin,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// As its owner wrote it; unique without regard to case.
    pub username: String,
    /// PHC string of Argon2id.
    pub password_hash: String,
    pub role: Role,
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The account of that name, in whatever case it is written.
    pub fn by_username(username: &str) -> Select<Self> {
        Self::find().filter(Expr::expr(Func::lower(Expr::col(Column::Username))).eq(username.to_lowercase()))
    }
}

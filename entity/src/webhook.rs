//! Addresses that are told what happens to videos.

use sea_orm::entity::prelude::*;

use crate::id::{UserId, WebhookId};

/// Of whose videos an address is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Scope {
    /// Those of the person whose webhook it is.
    #[sea_orm(string_value = "own")]
    Own,
    /// All of the site's; only while its person is an administrator.
    #[sea_orm(string_value = "site")]
    Site,
}

/// What can happen to a video, by the name under which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Event {
    #[sea_orm(string_value = "video.playable")]
    VideoPlayable,
    #[sea_orm(string_value = "video.ready")]
    VideoReady,
    #[sea_orm(string_value = "video.failed")]
    VideoFailed,
    #[sea_orm(string_value = "video.deleted")]
    VideoDeleted,
}

/// Why a webhook is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum OffReason {
    /// Its person wanted it so.
    #[sea_orm(string_value = "owner")]
    Owner,
    /// The address answered 410: it wants nothing any more.
    #[sea_orm(string_value = "gone")]
    Gone,
    /// For days nothing arrived.
    #[sea_orm(string_value = "failing")]
    Failing,
    /// The password of the account was set anew: whoever knew the old one may have made it.
    #[sea_orm(string_value = "password")]
    Password,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub user_id: UserId,
    pub scope: Scope,
    pub url: String,
    /// Of what it is told, each by its name.
    pub events: Vec<String>,
    /// What its secret is made from, together with the site's own.
    pub secret_salt: Vec<u8>,
    /// The same of the secret before, which signs as well until `previous_until`.
    pub previous_salt: Option<Vec<u8>>,
    pub previous_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    /// Set while it is switched off.
    pub off_reason: Option<OffReason>,
    pub off_at: Option<DateTimeUtc>,
    /// The first failure after the last message that arrived.
    pub failing_since: Option<DateTimeUtc>,
    /// The last failure, in words for its person; none since a message arrived.
    pub last_error: Option<String>,
    /// A server is sending to it until then, unless that server died.
    pub busy_until: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub fn owned_by(user: UserId) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user))
    }
}

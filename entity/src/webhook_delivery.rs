//! Messages to webhooks, and what became of them.

use sea_orm::{entity::prelude::*, sea_query::Query};

use crate::{
    id::{DeliveryId, UserId, VideoId, WebhookId},
    webhook,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// To be sent, or to be sent again.
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// Given up.
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// The same for every try.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    /// Grows from message to message; the database's own.
    pub sequence: i64,
    pub webhook_id: WebhookId,
    /// What is told, by its name.
    pub event: String,
    /// Not necessarily there any more.
    pub video_id: Option<VideoId>,
    /// The body, byte for byte the same for every try.
    pub payload: String,
    pub state: State,
    /// How often it has been sent. Who writes an outcome names the try, so that a late one changes nothing.
    pub attempts: i32,
    /// How many of these were before it was sent again by hand: the tries of a series are counted from there.
    pub attempts_before: i32,
    /// When the next try is due.
    pub run_after: DateTimeUtc,
    /// Of the last try, as everything below; absent when there was no answer.
    pub status_code: Option<i32>,
    pub duration_ms: Option<i32>,
    /// The beginning of the answer's body.
    pub response: Option<String>,
    /// Why it did not arrive, in words for the webhook's person.
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    pub last_attempt_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The messages to the webhooks of one person.
    pub fn owned_by(user: UserId) -> Select<Self> {
        let theirs = Query::select()
            .column(webhook::Column::Id)
            .from(webhook::Entity)
            .and_where(webhook::Column::UserId.eq(user))
            .to_owned();
        Self::find().filter(Column::WebhookId.in_subquery(theirs))
    }
}

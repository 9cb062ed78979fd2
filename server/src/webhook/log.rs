//! The log of a webhook: its messages, newest first.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::{WebhookId, webhook, webhook_delivery};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    graphql::{Cursor, Page, PageInfo, PageInput},
};

const LIST: &str = "webhook-deliveries";

/// Where a message to a webhook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "WebhookDeliveryState", remote = "webhook_delivery::State")]
pub enum DeliveryState {
    /// To be sent, or to be sent again.
    Pending,
    Delivered,
    /// Given up.
    Failed,
}

/// A message to a webhook, and what came of its last try.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "WebhookDelivery")]
pub struct DeliveryObject {
    id: ID,
    /// What every try carries as `webhook-id`.
    message_id: String,
    /// What it tells, such as `video.ready`, or `ping`.
    event: String,
    /// The video it tells of, which may be gone.
    video_id: Option<ID>,
    /// What the video was called.
    video_title: Option<String>,
    state: DeliveryState,
    /// How often it has been sent.
    attempts: i32,
    /// Null when there was no answer.
    status_code: Option<i32>,
    duration_ms: Option<i32>,
    /// The beginning of the answer's body.
    response: Option<String>,
    /// Why it did not arrive.
    error: Option<String>,
    /// The body that is sent.
    payload: String,
    created_at: DateTime<Utc>,
    last_attempt_at: Option<DateTime<Utc>>,
    /// When it is sent again; null once it is delivered or given up.
    next_attempt_at: Option<DateTime<Utc>>,
}

impl From<webhook_delivery::Model> for DeliveryObject {
    fn from(row: webhook_delivery::Model) -> Self {
        let told: Option<serde_json::Value> = serde_json::from_str(&row.payload).ok();
        let video_title = told.and_then(|told| Some(told["data"]["title"].as_str()?.to_owned()));
        Self {
            id: row.id.to_string().into(),
            message_id: format!("msg_{}", row.id),
            event: row.event,
            video_id: row.video_id.map(|id| id.to_string().into()),
            video_title,
            state: row.state.into(),
            attempts: row.attempts,
            status_code: row.status_code,
            duration_ms: row.duration_ms,
            response: row.response,
            error: row.error,
            payload: row.payload,
            created_at: row.created_at,
            last_attempt_at: row.last_attempt_at,
            next_attempt_at: (row.state == webhook_delivery::State::Pending).then_some(row.run_after),
        }
    }
}

/// A message in a list.
#[derive(SimpleObject)]
pub struct WebhookDeliveryEdge {
    cursor: String,
    node: DeliveryObject,
}

/// A page of messages.
#[derive(SimpleObject)]
pub struct WebhookDeliveryConnection {
    edges: Vec<WebhookDeliveryEdge>,
    nodes: Vec<DeliveryObject>,
    page_info: PageInfo,
}

/// The messages to a webhook of the viewer's, newest first. They are kept for a month.
///
/// # Errors
/// NOT_FOUND, BAD_USER_INPUT for a cursor of another list.
pub async fn deliveries(
    app: &App,
    viewer: &Viewer,
    webhook: WebhookId,
    input: &PageInput,
) -> Result<WebhookDeliveryConnection> {
    let mine = webhook::Entity::owned_by(viewer.user.id)
        .filter(webhook::Column::Id.eq(webhook))
        .one(&app.database)
        .await?;
    if mine.is_none() {
        return Err(Error::not_found("webhook"));
    }
    let mut query = webhook_delivery::Entity::find().filter(webhook_delivery::Column::WebhookId.eq(webhook));
    if let Some(sequence) = input.cursor::<i64>(LIST)? {
        query = query.filter(webhook_delivery::Column::Sequence.lt(sequence));
    }
    let found = query
        .order_by_desc(webhook_delivery::Column::Sequence)
        .limit(input.first + 1)
        .all(&app.database)
        .await?;
    let page = Page::cut(found, input, |row| Cursor::encode(LIST, &row.sequence));
    let nodes = page.items.iter().map(|(_, row)| row.clone().into()).collect();
    let edges = page
        .items
        .into_iter()
        .map(|(cursor, row)| WebhookDeliveryEdge { cursor, node: row.into() })
        .collect();
    Ok(WebhookDeliveryConnection { edges, nodes, page_info: page.info })
}

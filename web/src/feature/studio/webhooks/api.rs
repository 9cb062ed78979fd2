//! The operations of webhooks.

use crate::api::{DateTime, schema};

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the names are the schema's")]
pub enum WebhookEvent {
    VideoPlayable,
    VideoReady,
    VideoFailed,
    VideoDeleted,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookScope {
    Own,
    Site,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookOffReason {
    Owner,
    Gone,
    Failing,
    Password,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookDeliveryState {
    Pending,
    Delivered,
    Failed,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRole {
    Member,
    Moderator,
    Admin,
}

/// A webhook without its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Webhook {
    pub id: cynic::Id,
    pub url: String,
    pub events: Vec<WebhookEvent>,
    pub scope: WebhookScope,
    pub off_reason: Option<WebhookOffReason>,
    pub last_error: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
pub struct Owner {
    pub role: Option<UserRole>,
    pub webhooks: Vec<Webhook>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub struct WebhooksQuery {
    pub me: Option<Owner>,
}

/// A message, and what came of its last try.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "WebhookDelivery")]
pub struct Delivery {
    pub id: cynic::Id,
    pub message_id: String,
    pub event: String,
    pub video_title: Option<String>,
    pub state: WebhookDeliveryState,
    pub attempts: i32,
    pub status_code: Option<i32>,
    pub duration_ms: Option<i32>,
    pub response: Option<String>,
    pub error: Option<String>,
    pub payload: String,
    pub created_at: DateTime,
    pub next_attempt_at: Option<DateTime>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "PageInfo")]
pub struct HasMore {
    pub has_next_page: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "WebhookDeliveryConnection")]
pub struct DeliveryPage {
    pub nodes: Vec<Delivery>,
    pub page_info: HasMore,
}

#[derive(cynic::QueryVariables)]
pub struct LogVariables {
    pub id: cynic::Id,
    pub first: i32,
}

/// The newest messages of one webhook, and how all of them are doing.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "LogVariables")]
pub struct LogQuery {
    #[arguments(webhookId: $id, first: $first)]
    pub webhook_deliveries: DeliveryPage,
    pub me: Option<Owner>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct CreateWebhookInput {
    pub url: String,
    pub events: Vec<WebhookEvent>,
    pub scope: WebhookScope,
}

#[derive(cynic::QueryVariables)]
pub struct CreateVariables {
    pub input: CreateWebhookInput,
}

/// A webhook whose secret was just made.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct NewWebhookSecret {
    pub secret: String,
    pub webhook: Webhook,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateVariables")]
pub struct CreateWebhook {
    #[arguments(input: $input)]
    pub create_webhook: NewWebhookSecret,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UpdateWebhookInput {
    pub id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<WebhookEvent>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

#[derive(cynic::QueryVariables)]
pub struct UpdateVariables {
    pub input: UpdateWebhookInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
pub struct UpdateWebhook {
    #[arguments(input: $input)]
    pub update_webhook: Webhook,
}

#[derive(cynic::QueryVariables)]
pub struct IdVariables {
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct DeleteWebhook {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub delete_webhook: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct RotateSecret {
    #[arguments(id: $id)]
    pub rotate_webhook_secret: NewWebhookSecret,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "WebhookDelivery")]
pub struct Sent {
    #[allow(dead_code, reason = "the log is fetched anew; a selection must have a field")]
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct TestWebhook {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters")]
    pub test_webhook: Sent,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct SendAgain {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters")]
    pub resend_webhook_delivery: Sent,
}

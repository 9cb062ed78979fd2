//! Webhooks: which addresses are told of what, and every message to them with what became of it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

// The video of a delivery is no reference: what is told of a deleted video outlives it.
const UP: &str = r#"
CREATE TABLE webhook (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    scope text NOT NULL CHECK (scope IN ('own', 'site')),
    url text NOT NULL,
    events text[] NOT NULL,
    secret_salt bytea NOT NULL,
    previous_salt bytea,
    previous_until timestamptz,
    created_at timestamptz NOT NULL,
    off_reason text CHECK (off_reason IN ('owner', 'gone', 'failing', 'password')),
    off_at timestamptz,
    failing_since timestamptz,
    last_error text,
    busy_until timestamptz NOT NULL DEFAULT 'epoch',
    CHECK ((off_reason IS NULL) = (off_at IS NULL)),
    CHECK ((previous_salt IS NULL) = (previous_until IS NULL))
);
CREATE INDEX webhook_user_id_idx ON webhook (user_id);
CREATE TABLE webhook_delivery (
    id bigint PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
    event text NOT NULL,
    video_id bigint,
    payload text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_before integer NOT NULL DEFAULT 0 CHECK (attempts_before >= 0),
    run_after timestamptz NOT NULL DEFAULT now(),
    status_code integer,
    duration_ms integer,
    response text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX webhook_delivery_log_idx ON webhook_delivery (webhook_id, sequence DESC);
CREATE INDEX webhook_delivery_waiting_idx ON webhook_delivery (webhook_id, run_after, sequence)
    WHERE state = 'pending';
CREATE INDEX webhook_delivery_created_at_idx ON webhook_delivery (created_at);
"#;

const DOWN: &str = "DROP TABLE webhook_delivery; DROP TABLE webhook;";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await?;
        Ok(())
    }
}

//! The queue of work for runners.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE job (
    id bigint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('process_video')),
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed')),
    priority integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    run_after timestamptz NOT NULL,
    lease_id bigint UNIQUE,
    lease_expires_at timestamptz,
    runner_id bigint REFERENCES runner ON DELETE SET NULL,
    progress jsonb,
    error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((state = 'leased') = (lease_id IS NOT NULL)),
    CHECK ((lease_id IS NULL) = (lease_expires_at IS NULL))
);
CREATE INDEX job_waiting_idx ON job (kind, priority DESC, run_after) WHERE state = 'queued';
CREATE INDEX job_leased_idx ON job (lease_expires_at) WHERE state = 'leased';
CREATE INDEX job_video_id_idx ON job (video_id);
"#;

const DOWN: &str = r#"
DROP TABLE job;
"#;

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

//! Multipart uploads.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE upload (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    video_id bigint UNIQUE REFERENCES video ON DELETE SET NULL,
    file_name text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    part_size_bytes bigint NOT NULL CHECK (part_size_bytes > 0),
    part_count integer NOT NULL CHECK (part_count BETWEEN 1 AND 10000),
    object_key text NOT NULL UNIQUE,
    storage_upload_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('uploading', 'completed', 'aborted', 'expired')),
    title text NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    visibility text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX upload_user_id_idx ON upload (user_id);
CREATE INDEX upload_expires_at_idx ON upload (expires_at) WHERE state = 'uploading';
"#;

const DOWN: &str = r#"
DROP TABLE upload;
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

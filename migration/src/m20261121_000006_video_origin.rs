//! Where imported videos came from, so that an import can be repeated.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE video_origin (
    id bigint PRIMARY KEY,
    -- Without its video once that is deleted: the next import must not bring it back.
    video_id bigint UNIQUE REFERENCES video ON DELETE SET NULL,
    uploader_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    source text NOT NULL CHECK (source IN ('instaloader', 'ytdlp', 'folder')),
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 500),
    attempt integer NOT NULL CHECK (attempt > 0),
    url text CHECK (url ~ '^https?://'),
    author text,
    posted_at timestamptz,
    text_hash bytea NOT NULL,
    content_hash bytea,
    slides jsonb,
    created_at timestamptz NOT NULL,
    UNIQUE (uploader_id, source, external_id)
);
CREATE INDEX video_origin_content_hash_idx ON video_origin (uploader_id, content_hash)
    WHERE content_hash IS NOT NULL;
"#;

const DOWN: &str = r#"
DROP TABLE video_origin;
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

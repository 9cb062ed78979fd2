//! Encrypted media, and posters that outlive the attempt that made them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE content_key (
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    attempt integer NOT NULL CHECK (attempt > 0),
    sealed bytea NOT NULL,
    PRIMARY KEY (video_id, attempt)
);

ALTER TABLE chunk ADD COLUMN iv bytea CHECK (octet_length(iv) = 16);

ALTER TABLE video ADD COLUMN is_protected boolean NOT NULL DEFAULT false;
ALTER TABLE video ADD COLUMN is_encrypted boolean NOT NULL DEFAULT false;
ALTER TABLE video ADD COLUMN poster_attempt integer;
UPDATE video SET poster_attempt = published_attempt WHERE has_poster;
"#;

const DOWN: &str = r#"
ALTER TABLE video DROP COLUMN poster_attempt;
ALTER TABLE video DROP COLUMN is_encrypted;
ALTER TABLE video DROP COLUMN is_protected;
ALTER TABLE chunk DROP COLUMN iv;
DROP TABLE content_key;
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

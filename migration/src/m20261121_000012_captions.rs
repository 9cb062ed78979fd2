//! Captions and chapters.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE caption (
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    language text NOT NULL CHECK (char_length(language) BETWEEN 2 AND 35),
    label text CHECK (char_length(label) BETWEEN 1 AND 60),
    source text NOT NULL CHECK (source IN ('uploaded', 'imported', 'embedded')),
    cues text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (video_id, language)
);

ALTER TABLE video ADD COLUMN chapters jsonb;
ALTER TABLE video_origin ADD COLUMN extras_hash bytea;
"#;

const DOWN: &str = r#"
ALTER TABLE video_origin DROP COLUMN extras_hash;
ALTER TABLE video DROP COLUMN chapters;
DROP TABLE caption;
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

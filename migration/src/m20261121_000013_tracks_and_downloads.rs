//! Captions and chapters out of the source's own tracks, and files to download.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job
    DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check CHECK (kind IN
        ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download')),
    ADD COLUMN rendition text;
CREATE UNIQUE INDEX job_download_idx ON job (video_id, attempt_base, rendition)
    WHERE kind = 'make_download' AND state IN ('queued', 'leased');
CREATE TABLE download (
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    rendition text NOT NULL,
    attempt integer NOT NULL,
    size_bytes bigint CHECK (size_bytes > 0),
    lease_id bigint,
    has_failed boolean NOT NULL DEFAULT false,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (video_id, rendition),
    CHECK ((size_bytes IS NULL) = (lease_id IS NULL))
);
CREATE INDEX download_asked_at_idx ON download (asked_at);
ALTER TABLE video ADD COLUMN tracks_taken boolean NOT NULL DEFAULT false;
"#;

const DOWN: &str = r#"
ALTER TABLE video DROP COLUMN tracks_taken;
DROP TABLE download;
DROP INDEX job_download_idx;
DELETE FROM job WHERE kind IN ('read_tracks', 'make_download');
ALTER TABLE job
    DROP COLUMN rendition,
    DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check
        CHECK (kind IN ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster'));
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

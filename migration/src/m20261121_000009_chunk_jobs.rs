//! What it takes to process a video chunk by chunk: jobs that belong together, and objects that name the lease
//! under which they were written.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job
    ADD CONSTRAINT job_kind_check
        CHECK (kind IN ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster')),
    ADD COLUMN parent_id bigint REFERENCES job ON DELETE CASCADE,
    ADD COLUMN chunk integer CHECK (chunk >= 0),
    ADD COLUMN plan text,
    ADD COLUMN in_one_piece boolean NOT NULL DEFAULT false,
    ADD COLUMN attempt_base integer NOT NULL DEFAULT 0,
    ADD COLUMN weight_ms bigint NOT NULL DEFAULT 0 CHECK (weight_ms >= 0);
UPDATE job SET priority = 50000000;
CREATE INDEX job_parent_id_idx ON job (parent_id);
DROP INDEX job_waiting_idx;
CREATE INDEX job_waiting_idx ON job (priority DESC, run_after, created_at) WHERE state = 'queued';
ALTER TABLE chunk
    ADD COLUMN lease_id bigint,
    ADD COLUMN is_draft boolean NOT NULL DEFAULT false;
ALTER TABLE rendition ADD COLUMN chunk_count integer CHECK (chunk_count >= 0);
ALTER TABLE video ADD COLUMN poster_lease_id bigint;
CREATE INDEX video_processing_idx ON video (uploader_id) WHERE state = 'processing';
"#;

const DOWN: &str = r#"
DROP INDEX video_processing_idx;
ALTER TABLE video DROP COLUMN poster_lease_id;
ALTER TABLE rendition DROP COLUMN chunk_count;
ALTER TABLE chunk DROP COLUMN is_draft, DROP COLUMN lease_id;
DROP INDEX job_waiting_idx;
CREATE INDEX job_waiting_idx ON job (kind, priority DESC, run_after) WHERE state = 'queued';
DELETE FROM job WHERE kind <> 'process_video';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job
    ADD CONSTRAINT job_kind_check CHECK (kind IN ('process_video')),
    DROP COLUMN weight_ms,
    DROP COLUMN attempt_base,
    DROP COLUMN in_one_piece,
    DROP COLUMN plan,
    DROP COLUMN chunk,
    DROP COLUMN parent_id;
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

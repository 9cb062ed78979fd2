//! Jobs that encrypt what is published, or put it in the clear; and finding jobs by their kind.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download',
    'make_previews', 'encode_hevc', 'encode_av1', 'rekey_chunk'));
CREATE INDEX job_waiting_kind_idx ON job (kind) WHERE state = 'queued';
"#;

const DOWN: &str = r#"
DROP INDEX job_waiting_kind_idx;
DELETE FROM rendition WHERE EXISTS (SELECT FROM job WHERE job.video_id = rendition.video_id
    AND job.kind = 'rekey_chunk' AND job.state IN ('queued', 'leased') AND job.attempt_base = rendition.attempt);
DELETE FROM job WHERE kind = 'rekey_chunk';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download',
    'make_previews', 'encode_hevc', 'encode_av1'));
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

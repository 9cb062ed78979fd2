//! Storyboards, loops, and how loud videos are.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download',
    'make_previews'));
ALTER TABLE video
    ADD COLUMN previews jsonb,
    ADD COLUMN loudness_lufs double precision,
    ADD COLUMN true_peak_dbtp double precision;
-- What is there already gets them as well, when nothing else is to be done.
INSERT INTO job (id, kind, video_id, state, priority, attempts, crashes, run_after, created_at, attempt_base)
    SELECT (random() * 9000000000000000000)::bigint, 'make_previews', id, 'queued', 0, 0, 0, now(), now(),
        published_attempt
    FROM video WHERE state = 'ready';
"#;

const DOWN: &str = r#"
ALTER TABLE video DROP COLUMN true_peak_dbtp, DROP COLUMN loudness_lufs, DROP COLUMN previews;
DELETE FROM job WHERE kind = 'make_previews';
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download'));
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

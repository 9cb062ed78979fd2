//! Captions and chapters out of the source's own tracks.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job
    DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check CHECK (kind IN
        ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks'));
ALTER TABLE video ADD COLUMN tracks_taken boolean NOT NULL DEFAULT false;
"#;

const DOWN: &str = r#"
ALTER TABLE video DROP COLUMN tracks_taken;
DELETE FROM job WHERE kind = 'read_tracks';
ALTER TABLE job
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

//! Jobs that encode renditions in other codecs than H.264.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download',
    'make_previews', 'encode_hevc', 'encode_av1'));
"#;

const DOWN: &str = r#"
DELETE FROM rendition WHERE name LIKE '%-hevc' OR name LIKE '%-av1';
DELETE FROM job WHERE kind IN ('encode_hevc', 'encode_av1');
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN
    ('process_video', 'copy_chunk', 'encode_chunk', 'encode_audio', 'make_poster', 'read_tracks', 'make_download',
    'make_previews'));
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

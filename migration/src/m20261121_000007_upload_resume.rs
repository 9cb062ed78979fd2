//! What an upload needs to be gone on with: by which its file is recognised, and whether an ended one has left
//! anything in the store.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
ALTER TABLE upload
    ADD COLUMN sample_hash text,
    ADD COLUMN modified_at timestamptz,
    ADD COLUMN cleared boolean NOT NULL DEFAULT false;
CREATE INDEX upload_sample_hash_idx ON upload (user_id, sample_hash) WHERE sample_hash IS NOT NULL;
CREATE INDEX upload_uncleared_idx ON upload (id) WHERE state IN ('aborted', 'expired') AND NOT cleared;
"#;

const DOWN: &str = r#"
DROP INDEX upload_uncleared_idx;
DROP INDEX upload_sample_hash_idx;
ALTER TABLE upload DROP COLUMN cleared, DROP COLUMN modified_at, DROP COLUMN sample_hash;
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

//! Jobs that are given back through no fault of theirs, and times of jobs that are the database's.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "ALTER TABLE job ADD COLUMN excused integer NOT NULL DEFAULT 0, \
                 ALTER COLUMN run_after SET DEFAULT now(), ALTER COLUMN created_at SET DEFAULT now()",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "ALTER TABLE job DROP COLUMN excused, \
                 ALTER COLUMN run_after DROP DEFAULT, ALTER COLUMN created_at DROP DEFAULT",
            )
            .await?;
        Ok(())
    }
}

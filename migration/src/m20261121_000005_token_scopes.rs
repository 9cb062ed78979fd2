//! What a person's token may do, and when it was last used.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

// Tokens made before could do everything, and go on to.
const UP: &str = r#"
ALTER TABLE api_token ADD COLUMN scope text CHECK (scope IN ('read', 'upload', 'all'));
ALTER TABLE api_token ADD COLUMN last_used_at timestamptz;
UPDATE api_token SET scope = 'all' WHERE kind = 'user';
ALTER TABLE api_token ADD CONSTRAINT api_token_scope_of_users CHECK ((kind = 'user') = (scope IS NOT NULL));
"#;

const DOWN: &str = r#"
ALTER TABLE api_token DROP COLUMN scope;
ALTER TABLE api_token DROP COLUMN last_used_at;
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

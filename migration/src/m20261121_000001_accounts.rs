//! Accounts, their log-ins, and the tokens of programs.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE TABLE "user" (
    id bigint PRIMARY KEY,
    username text NOT NULL CHECK (char_length(username) BETWEEN 3 AND 30),
    password_hash text NOT NULL,
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    disabled_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX user_username_key ON "user" (lower(username));

CREATE TABLE session (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX session_user_id_idx ON session (user_id);

CREATE TABLE api_token (
    id bigint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('user', 'runner')),
    user_id bigint REFERENCES "user" ON DELETE CASCADE,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((kind = 'user') = (user_id IS NOT NULL))
);
CREATE INDEX api_token_user_id_idx ON api_token (user_id);

CREATE TABLE runner (
    id bigint PRIMARY KEY,
    api_token_id bigint NOT NULL UNIQUE REFERENCES api_token ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz
);
"#;

const DOWN: &str = r#"
DROP TABLE runner;
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE "user";
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

//! Runners that register with a token that is good once, what they can do, what they may, and what they have done.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

// Runners that are there keep the token that they have: it is their credential.
const UP: &str = r#"
ALTER TABLE runner
    ADD COLUMN state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'draining', 'disabled', 'revoked')),
    ADD COLUMN capabilities jsonb;
UPDATE runner SET state = 'revoked'
    FROM api_token WHERE api_token.id = runner.api_token_id AND api_token.revoked_at IS NOT NULL;
CREATE INDEX runner_created_at_idx ON runner (created_at, id);

CREATE TABLE runner_registration (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    runner_id bigint REFERENCES runner ON DELETE CASCADE,
    CHECK ((used_at IS NULL) = (runner_id IS NULL))
);
CREATE INDEX runner_registration_runner_id_idx ON runner_registration (runner_id);

ALTER TABLE job
    ADD COLUMN leased_at timestamptz,
    ADD COLUMN log text CHECK (octet_length(log) <= 16384);
CREATE INDEX job_runner_id_idx ON job (runner_id) WHERE state = 'leased';
CREATE INDEX job_failed_idx ON job (finished_at DESC, id DESC) WHERE state = 'failed';

CREATE TABLE job_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    runner_id bigint NOT NULL REFERENCES runner ON DELETE CASCADE,
    kind text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'failed', 'lost', 'returned')),
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    media_ms bigint CHECK (media_ms >= 0)
);
CREATE INDEX job_run_runner_id_idx ON job_run (runner_id, ended_at) INCLUDE (outcome);
CREATE INDEX job_run_ended_at_idx ON job_run (ended_at);
"#;

const DOWN: &str = r#"
DROP TABLE job_run;
DROP INDEX job_failed_idx;
DROP INDEX job_runner_id_idx;
ALTER TABLE job DROP COLUMN log, DROP COLUMN leased_at;
DROP TABLE runner_registration;
DROP INDEX runner_created_at_idx;
ALTER TABLE runner DROP COLUMN capabilities, DROP COLUMN state;
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

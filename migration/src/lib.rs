//! The history of the database, one change a file.

use sea_orm_migration::prelude::*;

mod m20261121_000001_accounts;
mod m20261121_000002_videos;
mod m20261121_000003_uploads;
mod m20261121_000004_jobs;
mod m20261121_000005_token_scopes;
mod m20261121_000006_video_origin;
mod m20261121_000007_upload_resume;
mod m20261121_000008_departed;
mod m20261121_000009_chunk_jobs;
mod m20261121_000010_webhooks;
mod m20261121_000011_runner_credentials;
mod m20261121_000012_captions;
mod m20261121_000013_tracks_and_downloads;
mod m20261121_000014_protection;
mod m20261121_000015_previews;
mod m20261121_000016_thumbnails;
mod m20261121_000017_job_setbacks;
mod m20261121_000018_codecs;
mod m20261121_000019_likeness;
mod m20261122_000020_rekeying;

/// Brings a database up to what the entities describe.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_accounts::Migration),
            Box::new(m20261121_000002_videos::Migration),
            Box::new(m20261121_000003_uploads::Migration),
            Box::new(m20261121_000004_jobs::Migration),
            Box::new(m20261121_000005_token_scopes::Migration),
            Box::new(m20261121_000006_video_origin::Migration),
            Box::new(m20261121_000007_upload_resume::Migration),
            Box::new(m20261121_000008_departed::Migration),
            Box::new(m20261121_000009_chunk_jobs::Migration),
            Box::new(m20261121_000010_webhooks::Migration),
            Box::new(m20261121_000011_runner_credentials::Migration),
            Box::new(m20261121_000012_captions::Migration),
            Box::new(m20261121_000013_tracks_and_downloads::Migration),
            Box::new(m20261121_000014_protection::Migration),
            Box::new(m20261121_000015_previews::Migration),
            Box::new(m20261121_000016_thumbnails::Migration),
            Box::new(m20261121_000017_job_setbacks::Migration),
            Box::new(m20261121_000018_codecs::Migration),
            Box::new(m20261121_000019_likeness::Migration),
            Box::new(m20261122_000020_rekeying::Migration),
        ]
    }
}

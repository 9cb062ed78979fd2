//! The operations of runners, which are for administrators.

use crate::api::{DateTime, PageInfo, schema};

/// What a runner may do.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunnerState {
    Active,
    Draining,
    Disabled,
    Revoked,
}

/// What a job is for.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    ProcessVideo,
    CopyChunk,
    EncodeChunk,
    EncodeAudio,
    MakePoster,
    MakePreviews,
    ReadTracks,
    MakeDownload,
    EncodeHevc,
    #[cynic(rename = "ENCODE_AV1")]
    EncodeAv1,
    RekeyChunk,
}

/// What a machine said of itself.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct RunnerCapabilities {
    pub version: String,
    pub ffmpeg_version: String,
    pub platform: String,
    pub encoders: Vec<String>,
    pub jobs: i32,
    pub cores: i32,
    pub containment: Vec<String>,
}

/// A job that a runner has.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct RunnerJob {
    pub kind: JobKind,
    pub chunk: Option<i32>,
    pub percent: f64,
    pub video_id: cynic::Id,
    pub video_title: Option<String>,
}

/// A machine that processes videos.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Runner {
    pub id: cynic::Id,
    pub name: String,
    pub state: RunnerState,
    pub online: bool,
    pub last_seen_at: Option<DateTime>,
    pub capabilities: Option<RunnerCapabilities>,
    pub current_jobs: Vec<RunnerJob>,
    pub done_lately: i32,
    pub failed_lately: i32,
    pub lost_lately: i32,
    pub speed: Option<f64>,
}

/// A token that no machine has used yet.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct RunnerRegistration {
    pub id: cynic::Id,
    pub name: String,
    pub expires_at: DateTime,
}

#[derive(cynic::QueryVariables)]
pub struct FleetVariables {
    pub after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunnerConnection")]
pub struct RunnerPage {
    pub nodes: Vec<Runner>,
    pub page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FleetVariables")]
pub struct FleetQuery {
    #[arguments(first: 100, after: $after)]
    pub runners: RunnerPage,
    pub runner_registrations: Vec<RunnerRegistration>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct CreateRunnerRegistrationInput {
    pub name: String,
    pub expires_in_hours: Option<i32>,
}

#[derive(cynic::QueryVariables)]
pub struct CreateRegistrationVariables {
    pub input: CreateRunnerRegistrationInput,
}

/// A registration token that was just made, with its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct NewRunnerRegistration {
    pub token: String,
    pub registration: RunnerRegistration,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateRegistrationVariables")]
pub struct CreateRegistration {
    #[arguments(input: $input)]
    pub create_runner_registration: NewRunnerRegistration,
}

#[derive(cynic::QueryVariables)]
pub struct IdVariables {
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct WithdrawRegistration {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub withdraw_runner_registration: bool,
}

#[derive(cynic::QueryVariables)]
pub struct SetStateVariables {
    pub id: cynic::Id,
    pub state: RunnerState,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SetStateVariables")]
pub struct SetState {
    #[arguments(id: $id, state: $state)]
    pub set_runner_state: Runner,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct RevokeRunner {
    #[arguments(id: $id)]
    pub revoke_runner: Runner,
}

/// A job that was given up.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct FailedJob {
    pub id: cynic::Id,
    pub video_id: cynic::Id,
    pub video_title: Option<String>,
    pub failed_at: Option<DateTime>,
    pub attempts: i32,
    pub runner_name: Option<String>,
    pub error: Option<String>,
    pub log: Option<String>,
}

#[derive(cynic::QueryVariables)]
pub struct FailedJobsVariables {
    pub after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FailedJobConnection")]
pub struct FailedJobPage {
    pub nodes: Vec<FailedJob>,
    pub page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FailedJobsVariables")]
pub struct FailedJobsQuery {
    #[arguments(first: 20, after: $after)]
    pub failed_jobs: FailedJobPage,
}

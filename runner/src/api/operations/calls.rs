//! The operations themselves.

use super::{schema, types::*};

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct RegisterRunnerInput {
    pub token: String,
    pub name: Option<String>,
    pub credential_hash: String,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct RunnerCapabilitiesInput {
    pub version: String,
    pub ffmpeg_version: String,
    pub platform: String,
    pub encoders: Vec<String>,
    pub jobs: i32,
    pub cores: i32,
    pub containment: Vec<String>,
}

/// A machine that may process videos.
#[derive(cynic::QueryFragment, Debug)]
pub struct RegisteredRunner {
    pub name: String,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct RegisterRunnerVariables {
    pub input: RegisterRunnerInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RegisterRunnerVariables")]
pub struct RegisterRunner {
    #[arguments(input: $input)]
    pub register_runner: RegisteredRunner,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct ReportRunnerVariables {
    pub capabilities: RunnerCapabilitiesInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ReportRunnerVariables")]
pub struct ReportRunner {
    #[arguments(capabilities: $capabilities)]
    pub report_runner: RegisteredRunner,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct KindsVariables {
    pub kinds: Vec<JobKind>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "KindsVariables")]
pub struct LeaseJob {
    #[arguments(kinds: $kinds)]
    pub lease_job: Option<Job>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "KindsVariables")]
pub struct WatchJobs {
    #[arguments(kinds: $kinds)]
    pub job_available: JobAvailable,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct RenewLeaseVariables {
    pub lease_id: cynic::Id,
    pub progress: Option<JobProgressInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RenewLeaseVariables")]
pub struct RenewLease {
    #[arguments(leaseId: $lease_id, progress: $progress)]
    #[allow(dead_code)] // Selected because a mutation must select something; the answer itself says all.
    pub renew_lease: Lease,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct SignJobInputsVariables {
    pub lease_id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignJobInputsVariables")]
pub struct SignJobInputs {
    #[arguments(leaseId: $lease_id)]
    pub sign_job_inputs: Vec<JobInput>,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct SignJobOutputsVariables {
    pub lease_id: cynic::Id,
    pub outputs: Vec<JobOutputInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignJobOutputsVariables")]
pub struct SignJobOutputs {
    #[arguments(leaseId: $lease_id, outputs: $outputs)]
    pub sign_job_outputs: Vec<OutputUrl>,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishChunkVariables {
    pub lease_id: cynic::Id,
    pub chunk: PublishChunkInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishChunkVariables")]
pub struct PublishChunk {
    #[arguments(leaseId: $lease_id, chunk: $chunk)]
    pub publish_chunk: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PlanVideoVariables {
    pub lease_id: cynic::Id,
    pub plan: VideoPlanInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PlanVideoVariables")]
pub struct PlanVideo {
    #[arguments(leaseId: $lease_id, plan: $plan)]
    pub plan_video: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishCaptionVariables {
    pub lease_id: cynic::Id,
    pub caption: SourceCaptionInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishCaptionVariables")]
pub struct PublishCaption {
    #[arguments(leaseId: $lease_id, caption: $caption)]
    pub publish_caption: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishChaptersVariables {
    pub lease_id: cynic::Id,
    pub chapters: Vec<ChapterInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishChaptersVariables")]
pub struct PublishChapters {
    #[arguments(leaseId: $lease_id, chapters: $chapters)]
    pub publish_chapters: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct CompleteJobVariables {
    pub lease_id: cynic::Id,
    pub result: Option<JobResultInput>,
    pub poster: Option<PosterInput>,
    pub previews: Option<PreviewsInput>,
    pub loudness: Option<LoudnessInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompleteJobVariables")]
pub struct CompleteJob {
    #[arguments(leaseId: $lease_id, result: $result, poster: $poster, previews: $previews, loudness: $loudness)]
    pub complete_job: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct FailJobVariables {
    pub lease_id: cynic::Id,
    pub code: String,
    pub message: String,
    pub retry: bool,
    /// The last lines of the program that failed.
    pub log: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "FailJobVariables")]
pub struct FailJob {
    #[arguments(leaseId: $lease_id, code: $code, message: $message, retry: $retry, log: $log)]
    pub fail_job: bool,
}

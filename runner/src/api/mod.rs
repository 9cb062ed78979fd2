//! The GraphQL client: the only conversation that a runner, or another program with a token, has with the server.

mod error;
pub mod operations;
mod retry;
mod subscription;

use std::{sync::Arc, time::Duration};

use cynic::{GraphQlResponse, MutationBuilder, Operation};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::ffmpeg::ladder::Codec;

pub use error::ApiError;
pub use retry::{Backoff, persist};

use error::Extensions;
use operations::{
    ChapterInput, CompleteJob, CompleteJobVariables, FailJob, FailJobVariables, Job, JobInput, JobKind,
    JobOutputInput, JobProgressInput, JobResultInput, KindsVariables, LeaseJob, LoudnessInput, OutputUrl,
    PlanVideo, PlanVideoVariables, PosterInput, PreviewsInput, PublishCaption, PublishCaptionVariables,
    PublishChapters, PublishChaptersVariables, PublishChunk, PublishChunkInput, PublishChunkVariables,
    RegisterRunner, RegisterRunnerInput, RegisterRunnerVariables, RenewLease, RenewLeaseVariables,
    ReportRunner, ReportRunnerVariables, RunnerCapabilitiesInput, SignJobInputs, SignJobInputsVariables,
    SignJobOutputs, SignJobOutputsVariables, SourceCaptionInput, VideoPlanInput,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A small request must be answered within this time; the caller tries again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The kinds of job that this program can do everywhere.
pub(crate) const KINDS: [JobKind; 9] = [
    JobKind::ProcessVideo,
    JobKind::CopyChunk,
    JobKind::EncodeChunk,
    JobKind::EncodeAudio,
    JobKind::MakePoster,
    JobKind::ReadTracks,
    JobKind::MakeDownload,
    JobKind::MakePreviews,
    JobKind::RekeyChunk,
];

/// The kinds that it can do where ffmpeg has an encoder for the codec.
pub(crate) const EXTRA_KINDS: [(JobKind, Codec); 2] =
    [(JobKind::EncodeHevc, Codec::Hevc), (JobKind::EncodeAv1, Codec::Av1)];

/// A client for the server and for presigned URLs. It follows no redirects: one would carry a presigned request
/// somewhere it was not signed for.
///
/// # Errors
/// When the system gives no way to make TLS connections.
pub fn http_client(user_agent: &str) -> Result<reqwest::Client, reqwest::Error> {
    crate::install_crypto();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// What a job has to say for itself when it ends.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Of a job that made a video in one piece.
    pub result: Option<JobResultInput>,
    pub poster: Option<PosterInput>,
    pub previews: Option<PreviewsInput>,
    pub loudness: Option<LoudnessInput>,
}

/// A connection pool and the token that speaks for this program.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    endpoint: Url,
    /// None for a guest.
    token: Option<Arc<str>>,
}

impl Api {
    /// `server` is the site's address, for example `https://video.example`; the paths are added here.
    pub fn new(server: &Url, token: &str, http: reqwest::Client) -> Self {
        let mut endpoint = server.clone();
        endpoint.set_path(&format!("{}/graphql", server.path().trim_end_matches('/')));
        endpoint.set_query(None);
        Self { http, endpoint, token: Some(token.into()) }
    }

    /// For what needs no token, which is to get one.
    pub fn guest(server: &Url, http: reqwest::Client) -> Self {
        Self { token: None, ..Self::new(server, "", http) }
    }

    /// Makes a runner of this machine and says what it is called.
    pub async fn register_runner(&self, input: RegisterRunnerInput) -> Result<String, ApiError> {
        let answer = self.send(RegisterRunner::build(RegisterRunnerVariables { input })).await?;
        Ok(answer.register_runner.name)
    }

    /// Says what this runner is and can do, and hears what it is called.
    pub async fn report_runner(&self, capabilities: RunnerCapabilitiesInput) -> Result<String, ApiError> {
        let answer = self.send(ReportRunner::build(ReportRunnerVariables { capabilities })).await?;
        Ok(answer.report_runner.name)
    }

    /// Takes the next waiting job of one of these kinds, if there is one.
    pub async fn lease_job(&self, kinds: &[JobKind]) -> Result<Option<Job>, ApiError> {
        let answer = self.send(LeaseJob::build(KindsVariables { kinds: kinds.to_vec() })).await?;
        Ok(answer.lease_job)
    }

    /// Says that the job is still being worked on, and how far it is.
    pub async fn renew_lease(
        &self,
        lease_id: &cynic::Id,
        progress: Option<JobProgressInput>,
    ) -> Result<(), ApiError> {
        self.send(RenewLease::build(RenewLeaseVariables { lease_id: lease_id.clone(), progress })).await?;
        Ok(())
    }

    /// Asks for the chunks that become a file to download, those of one rendition in their order.
    pub async fn sign_job_inputs(&self, lease_id: &cynic::Id) -> Result<Vec<JobInput>, ApiError> {
        let variables = SignJobInputsVariables { lease_id: lease_id.clone() };
        Ok(self.send(SignJobInputs::build(variables)).await?.sign_job_inputs)
    }

    /// Asks where to put outputs; the answers come in any order.
    pub async fn sign_job_outputs(
        &self,
        lease_id: &cynic::Id,
        outputs: Vec<JobOutputInput>,
    ) -> Result<Vec<OutputUrl>, ApiError> {
        let variables = SignJobOutputsVariables { lease_id: lease_id.clone(), outputs };
        Ok(self.send(SignJobOutputs::build(variables)).await?.sign_job_outputs)
    }

    /// Makes an uploaded chunk part of its rendition.
    pub async fn publish_chunk(
        &self,
        lease_id: &cynic::Id,
        chunk: PublishChunkInput,
    ) -> Result<(), ApiError> {
        let variables = PublishChunkVariables { lease_id: lease_id.clone(), chunk };
        accepted(self.send(PublishChunk::build(variables)).await?.publish_chunk)
    }

    /// Has a video made in chunks.
    pub async fn plan_video(&self, lease_id: &cynic::Id, plan: VideoPlanInput) -> Result<(), ApiError> {
        let variables = PlanVideoVariables { lease_id: lease_id.clone(), plan };
        accepted(self.send(PlanVideo::build(variables)).await?.plan_video)
    }

    /// Hands in captions that the source holds.
    pub async fn publish_caption(
        &self,
        lease_id: &cynic::Id,
        caption: SourceCaptionInput,
    ) -> Result<(), ApiError> {
        let variables = PublishCaptionVariables { lease_id: lease_id.clone(), caption };
        accepted(self.send(PublishCaption::build(variables)).await?.publish_caption)
    }

    /// Hands in the chapters of the source.
    pub async fn publish_chapters(
        &self,
        lease_id: &cynic::Id,
        chapters: Vec<ChapterInput>,
    ) -> Result<(), ApiError> {
        let variables = PublishChaptersVariables { lease_id: lease_id.clone(), chapters };
        accepted(self.send(PublishChapters::build(variables)).await?.publish_chapters)
    }

    /// Ends the lease, and says what was made that is not known yet.
    pub async fn complete_job(&self, lease_id: &cynic::Id, made: Made) -> Result<(), ApiError> {
        let Made { result, poster, previews, loudness } = made;
        let variables =
            CompleteJobVariables { lease_id: lease_id.clone(), result, poster, previews, loudness };
        accepted(self.send(CompleteJob::build(variables)).await?.complete_job)
    }

    /// Gives the job up: for good with a reason for the uploader, or back to the queue with `retry`.
    pub async fn fail_job(
        &self,
        lease_id: &cynic::Id,
        code: &str,
        message: &str,
        retry: bool,
        log: &str,
    ) -> Result<(), ApiError> {
        let variables = FailJobVariables {
            lease_id: lease_id.clone(),
            code: code.to_owned(),
            message: message.to_owned(),
            retry,
            log: Some(log.to_owned()).filter(|log| !log.is_empty()),
        };
        accepted(self.send(FailJob::build(variables)).await?.fail_job)
    }

    /// Sends any typed operation, once.
    ///
    /// # Errors
    /// [`ApiError`], by what can be done about it.
    pub async fn send<Q, V>(&self, operation: Operation<Q, V>) -> Result<Q, ApiError>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize,
    {
        let mut request = self.http.post(self.endpoint.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request
            .timeout(REQUEST_TIMEOUT)
            .json(&operation)
            .send()
            .await
            .map_err(|error| ApiError::Unreachable(describe(&error)))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| ApiError::Unreachable(describe(&error)))?;
        match serde_json::from_slice::<GraphQlResponse<Q, Extensions>>(&body) {
            Ok(answer) => read(answer),
            Err(_) if status.as_u16() == 401 => Err(ApiError::TokenRefused {
                code: "UNAUTHENTICATED",
                message: format!("HTTP status {status}"),
            }),
            Err(_) if status.as_u16() == 403 => {
                Err(ApiError::TokenRefused { code: "FORBIDDEN", message: format!("HTTP status {status}") })
            }
            Err(error) => {
                Err(ApiError::Unreachable(format!("HTTP status {status}, no GraphQL answer ({error})")))
            }
        }
    }
}

fn read<Q>(answer: GraphQlResponse<Q, Extensions>) -> Result<Q, ApiError> {
    if let Some(first) = answer.errors.into_iter().flatten().next() {
        return Err(ApiError::from_graphql(first.message, first.extensions));
    }
    answer.data.ok_or_else(|| ApiError::Unreachable("an answer without data".to_owned()))
}

fn accepted(answer: bool) -> Result<(), ApiError> {
    // `false` means that the lease no longer speaks for the job.
    if answer { Ok(()) } else { Err(ApiError::LeaseLost) }
}

/// The whole chain of causes in one line: the outermost message of an HTTP error alone says next to nothing.
/// The URL is left out, for presigned ones are secrets.
pub fn describe(error: &reqwest::Error) -> String {
    let mut text = match error.status() {
        Some(status) => format!("HTTP status {status}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => "the connection failed".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

//! The runner's operations in GraphQL. All of them want the token of a runner.

use async_graphql::{Context, ID, Object, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use futures::Stream;
use kinora_entity::{LeaseId, job};

use super::{
    available::{self, JobAvailable},
    input::JobInput,
    inputs::{
        JobKindName, JobOutputInput, JobOutputKind, JobProgressInput, JobResultInput, LoudnessInput,
        PosterInput, PreviewsInput, PublishChunkInput, RegisterRunnerInput, RunnerCapabilitiesInput,
        SourceCaptionInput, VideoPlanInput,
    },
    registration::{self, Registration},
    service::{self, Leased},
};
use crate::{
    app::App,
    error::{Error, Result},
    graphql::{Bytes, ContextExt},
    job as queue,
    ladder::{EncoderPreset, Rung, VideoCodec},
    processing,
    protection::AesBlock,
    upload::Header,
    video::chapter::ChapterInput,
};

/// A machine that may process videos.
#[derive(Clone, Debug, SimpleObject)]
pub struct RegisteredRunner {
    id: ID,
    name: String,
}

/// The right to work on a job until it expires.
#[derive(Clone, Debug, SimpleObject)]
pub struct Lease {
    id: ID,
    expires_at: DateTime<Utc>,
}

impl Lease {
    fn of(job: &job::Model) -> Result<Self> {
        match (job.lease_id, job.lease_expires_at) {
            (Some(id), Some(expires_at)) => Ok(Self { id: id.to_string().into(), expires_at }),
            _ => Err(Error::LeaseLost),
        }
    }
}

/// Where the uploaded file can be read.
#[derive(Clone, Debug, SimpleObject)]
pub struct JobSource {
    url: String,
    size: Bytes,
    expires_at: DateTime<Utc>,
}

/// One rung of the ladder.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct LadderRung {
    codec: VideoCodec,
    /// Pixels along the short side.
    short_side: i32,
    /// Highest video bitrate in bits per second.
    video_bitrate: i32,
    preset: EncoderPreset,
}

impl From<&Rung> for LadderRung {
    fn from(rung: &Rung) -> Self {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            codec: rung.codec,
            short_side: number(rung.short_side),
            video_bitrate: number(rung.video_bitrate),
            preset: rung.preset,
        }
    }
}

/// Bits per second of the one audio rendition (DESIGN: AAC at 128k, once).
const AUDIO_BITRATE: i32 = 128_000;

/// A leased job.
#[derive(SimpleObject)]
pub struct Job {
    id: ID,
    kind: JobKindName,
    /// From 1; its outputs have a folder of their own.
    attempt: i32,
    lease: Lease,
    video_id: ID,
    source: JobSource,
    /// The rungs of H.264, from the largest to the smallest.
    ladder: Vec<LadderRung>,
    /// The rungs of other codecs than H.264, which are made when the video is ready; from the largest to the smallest.
    extra_ladder: Vec<LadderRung>,
    /// Bits per second.
    audio_bitrate: i32,
    max_duration_ms: i64,
    /// Which chunk to make, for jobs that make one.
    chunk: Option<i32>,
    /// How long the video is; null while nobody has looked.
    duration_ms: Option<i64>,
    /// Whether a job to make previews is to say how loud the sound is: nobody else has.
    measures_loudness: bool,
    /// The details of the video's plan; null while it has none.
    plan: Option<String>,
    /// With which every media segment is encrypted, by AES-128 in CBC mode with PKCS7 padding; initialisation sections
    /// are not. Null where all stays in the clear. A secret: never to be written anywhere.
    content_key: Option<AesBlock>,
    /// With which the chunks are encrypted that a `REKEY_CHUNK` job reads. Null where they are in the clear. A secret.
    published_key: Option<AesBlock>,
    /// Whether the video must not be made in chunks: that has failed before.
    in_one_piece: bool,
    /// Which rendition to make a file of, for jobs that make one.
    rendition: Option<String>,
    /// Names of the renditions that are wanted, for jobs that encode a chunk: what the plan names besides has been
    /// found to bring nothing, or is not encoded.
    renditions: Vec<String>,
}

impl Job {
    fn of(app: &App, leased: Leased) -> Result<Self> {
        let rungs = app.config.ladder.iter().map(LadderRung::from);
        let (ladder, extra_ladder) = rungs.partition(|rung| rung.codec == VideoCodec::H264);
        Ok(Self {
            id: leased.job.id.to_string().into(),
            kind: leased.job.kind.into(),
            attempt: leased.job.attempts,
            chunk: leased.job.chunk,
            content_key: leased.content_key,
            published_key: leased.published_key,
            duration_ms: leased.duration_ms,
            measures_loudness: leased.measures_loudness,
            in_one_piece: leased.job.in_one_piece,
            rendition: leased.job.rendition.clone(),
            renditions: leased.renditions,
            lease: Lease::of(&leased.job)?,
            video_id: leased.job.video_id.to_string().into(),
            source: JobSource {
                url: leased.source.url,
                size: Bytes(leased.source_size_bytes),
                expires_at: leased.source.expires_at,
            },
            ladder,
            extra_ladder,
            audio_bitrate: AUDIO_BITRATE,
            max_duration_ms: i64::try_from(app.config.max_duration.as_millis()).unwrap_or(i64::MAX),
            plan: leased.plan,
        })
    }
}

/// Where to `PUT` one output. It takes exactly the size that was asked for.
#[derive(Clone, Debug, SimpleObject)]
pub struct OutputUrl {
    kind: JobOutputKind,
    rendition: Option<String>,
    chunk: Option<i32>,
    url: String,
    headers: Vec<Header>,
    expires_at: DateTime<Utc>,
}

/// What is no lease of ours is a lease that nobody holds.
fn parse_lease(id: &ID) -> Result<LeaseId> {
    id.parse().map_err(|_| Error::LeaseLost)
}

#[derive(Default)]
pub struct RunnerMutation;

#[Object]
impl RunnerMutation {
    /// Makes a runner of the machine that sends this. Sending the same again gives the same answer. From then on
    /// the machine sends its credential as `Authorization: Bearer`.
    async fn register_runner(
        &self,
        ctx: &Context<'_>,
        input: RegisterRunnerInput,
    ) -> Result<RegisteredRunner> {
        let new = Registration::parse(input.token, input.name.as_deref(), &input.credential_hash)?;
        let row = registration::register(ctx.app(), new).await?;
        Ok(RegisteredRunner { id: row.id.to_string().into(), name: row.name })
    }

    /// Says what this runner is and can do; sent when it starts.
    async fn report_runner(
        &self,
        ctx: &Context<'_>,
        capabilities: RunnerCapabilitiesInput,
    ) -> Result<RegisteredRunner> {
        let runner = ctx.requester().runner()?;
        service::report(ctx.app(), runner, capabilities.parse()?).await?;
        Ok(RegisteredRunner { id: runner.id.to_string().into(), name: runner.name.clone() })
    }

    /// The next job of one of these kinds; null when none waits. Who asks for PROCESS_VIDEO alone gets those that look
    /// at a new video, and none that makes a whole one in one piece, which may take hours.
    async fn lease_job(&self, ctx: &Context<'_>, kinds: Vec<JobKindName>) -> Result<Option<Job>> {
        let runner = ctx.requester().runner()?;
        let kinds: Vec<job::Kind> = kinds.into_iter().map(Into::into).collect();
        let leased = service::lease(ctx.app(), runner, ctx.audience(), &kinds).await?;
        leased.map(|leased| Job::of(ctx.app(), leased)).transpose()
    }

    /// Keeps a lease for another minute and says how far the job is.
    async fn renew_lease(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        progress: Option<JobProgressInput>,
    ) -> Result<Lease> {
        let runner = ctx.requester().runner()?;
        let progress = progress.map(job::Progress::from);
        let job = queue::renew(ctx.app(), runner.id, parse_lease(&lease_id)?, progress.as_ref()).await?;
        service::seen(ctx.app(), runner).await?;
        Lease::of(&job)
    }

    /// Addresses of the published chunks that a job reads. One of `MAKE_DOWNLOAD` joins those of its rendition and, where
    /// that is pictures, of the sound, each in their order; one of `REKEY_CHUNK` writes one of each rendition anew.
    async fn sign_job_inputs(&self, ctx: &Context<'_>, lease_id: ID) -> Result<Vec<JobInput>> {
        let runner = ctx.requester().runner()?;
        let inputs =
            processing::inputs(ctx.app(), runner.id, parse_lease(&lease_id)?, ctx.audience()).await?;
        Ok(inputs.into_iter().map(JobInput::from).collect())
    }

    /// Addresses for outputs, in the order asked for.
    async fn sign_job_outputs(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        outputs: Vec<JobOutputInput>,
    ) -> Result<Vec<OutputUrl>> {
        let runner = ctx.requester().runner()?;
        let wanted = outputs.iter().map(JobOutputInput::to_output).collect::<Result<Vec<_>>>()?;
        let lease = parse_lease(&lease_id)?;
        let signed = processing::sign_outputs(ctx.app(), runner.id, lease, ctx.audience(), &wanted).await?;
        Ok(outputs
            .into_iter()
            .zip(signed)
            .map(|(output, request)| OutputUrl {
                kind: output.kind,
                rendition: output.rendition,
                chunk: output.chunk,
                headers: Header::all_of(&request),
                url: request.url,
                expires_at: request.expires_at,
            })
            .collect())
    }

    /// Takes note of a chunk that is in the store.
    async fn publish_chunk(&self, ctx: &Context<'_>, lease_id: ID, chunk: PublishChunkInput) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        processing::publish_chunk(ctx.app(), runner.id, parse_lease(&lease_id)?, chunk.into()).await?;
        Ok(true)
    }

    /// Hands in how a video will be made in chunks, and has it made.
    async fn plan_video(&self, ctx: &Context<'_>, lease_id: ID, plan: VideoPlanInput) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        processing::plan(ctx.app(), runner.id, parse_lease(&lease_id)?, plan.into()).await?;
        Ok(true)
    }

    /// Hands in captions that the uploaded file holds. What cannot be read, or is there already, is passed over.
    async fn publish_caption(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        caption: SourceCaptionInput,
    ) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        processing::publish_caption(ctx.app(), runner.id, parse_lease(&lease_id)?, caption.into()).await?;
        Ok(true)
    }

    /// Hands in the chapters of the uploaded file. Those that the video has stay.
    async fn publish_chapters(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        chapters: Vec<ChapterInput>,
    ) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        processing::publish_chapters(ctx.app(), runner.id, parse_lease(&lease_id)?, chapters).await?;
        Ok(true)
    }

    /// Ends a job. One that made a video in one piece has a result, which is published by this; one that made
    /// previews names them; one that heard all of the sound says how loud it is.
    async fn complete_job(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        result: Option<JobResultInput>,
        poster: Option<PosterInput>,
        previews: Option<PreviewsInput>,
        loudness: Option<LoudnessInput>,
    ) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        let (result, poster) = (result.map(Into::into), poster.map(Into::into));
        let (previews, loudness) = (previews.map(Into::into), loudness.map(Into::into));
        let lease = parse_lease(&lease_id)?;
        processing::complete(ctx.shared_app(), runner.id, lease, result.as_ref(), poster, previews, loudness)
            .await?;
        Ok(true)
    }

    /// Gives a job back. With `retry` it is tried again later; without, its video fails with this code
    /// and this sentence for the uploader. `log` has the last lines of the program that failed, for administrators;
    /// its last 8 KB are kept.
    async fn fail_job(
        &self,
        ctx: &Context<'_>,
        lease_id: ID,
        code: String,
        message: String,
        retry: bool,
        log: Option<String>,
    ) -> Result<bool> {
        let runner = ctx.requester().runner()?;
        let failure = processing::Failure { code, message, retry, log };
        processing::fail(ctx.app(), runner.id, parse_lease(&lease_id)?, failure).await?;
        Ok(true)
    }
}

#[derive(Default)]
pub struct RunnerSubscription;

#[Subscription]
impl RunnerSubscription {
    /// What waits now, and again whenever there may be more to lease. A runner that gets no jobs is told of none.
    async fn job_available(
        &self,
        ctx: &Context<'_>,
        kinds: Vec<JobKindName>,
    ) -> Result<impl Stream<Item = Result<JobAvailable>>> {
        let runner = ctx.requester().runner()?;
        service::seen(ctx.app(), runner).await?;
        let kinds = kinds.into_iter().map(Into::into).collect();
        available::follow(ctx.shared_app().clone(), runner.id, kinds).await
    }
}

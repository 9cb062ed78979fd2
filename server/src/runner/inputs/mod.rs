//! What runners send.

mod made;
mod output;
mod plan;

use async_graphql::{Enum, InputObject};
use kinora_entity::{job, runner};

pub use made::{JobResultInput, LoudnessInput, PosterInput, PreviewsInput, SourceCaptionInput};
pub use output::{JobOutputInput, JobOutputKind, PublishChunkInput};
pub use plan::VideoPlanInput;

use crate::{
    error::{Error, Result},
    video::ProcessingStage,
};

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "JobKind", remote = "job::Kind")]
pub enum JobKindName {
    /// Look at an upload and plan what is made of it, with its first chunk; or make all of it in one piece.
    ProcessVideo,
    /// Pass on what can be played as it is, of one chunk.
    CopyChunk,
    /// Encode all sizes of one chunk.
    EncodeChunk,
    /// Encode the sound of the whole video.
    EncodeAudio,
    MakePoster,
    /// Make the storyboard and the loop of a video that is ready.
    MakePreviews,
    /// Read captions and chapters out of the upload's own tracks.
    ReadTracks,
    /// Make one file of a rendition and the sound, without encoding.
    MakeDownload,
    /// Encode all sizes of one chunk in HEVC, of a video that is ready.
    EncodeHevc,
    /// Encode all sizes of one chunk in AV1, of a video that is ready.
    #[graphql(name = "ENCODE_AV1")]
    EncodeAv1,
    /// Write all renditions of one published chunk anew, encrypted or in the clear, without encoding.
    RekeyChunk,
}

/// A machine that wants to become a runner.
#[derive(InputObject)]
pub struct RegisterRunnerInput {
    /// A registration token, good once.
    #[graphql(secret)]
    pub token: String,
    /// 1 to 60 characters; without it the name that came with the token.
    pub name: Option<String>,
    /// The SHA-256 of the credential that the machine has made for itself, in hexadecimal digits: `kn_` and at
    /// least 32 random characters.
    pub credential_hash: String,
}

/// What a runner is and can do.
#[derive(InputObject)]
pub struct RunnerCapabilitiesInput {
    version: String,
    ffmpeg_version: String,
    /// Operating system and processor.
    platform: String,
    /// Video encoders as ffmpeg names them.
    encoders: Vec<String>,
    /// Jobs at once.
    jobs: i32,
    cores: i32,
    /// What stands between ffmpeg and the machine.
    containment: Vec<String>,
}

const LONGEST_WORD: usize = 100;
const MOST_WORDS: usize = 100;

impl RunnerCapabilitiesInput {
    /// # Errors
    /// BAD_USER_INPUT on `capabilities`.
    pub fn parse(self) -> Result<runner::Capabilities> {
        let plain =
            |text: &String| text.chars().count() <= LONGEST_WORD && !text.chars().any(char::is_control);
        let words = [&self.version, &self.ffmpeg_version, &self.platform];
        let lists = [&self.encoders, &self.containment];
        if !words.into_iter().chain(lists.into_iter().flatten()).all(plain)
            || lists.into_iter().any(|list| list.len() > MOST_WORDS)
            || self.jobs < 1
            || self.cores < 1
        {
            return Err(Error::bad_input(
                "capabilities",
                format!(
                    "Up to {MOST_WORDS} names of up to {LONGEST_WORD} printable characters, and at least one job and one core."
                ),
            ));
        }
        let Self { version, ffmpeg_version, platform, encoders, jobs, cores, containment } = self;
        Ok(runner::Capabilities { version, ffmpeg_version, platform, encoders, jobs, cores, containment })
    }
}

/// How far a job is.
#[derive(InputObject)]
pub struct JobProgressInput {
    stage: ProcessingStage,
    /// 0 to 100 over the whole job.
    percent: f64,
    eta_ms: Option<i64>,
}

impl From<JobProgressInput> for job::Progress {
    fn from(input: JobProgressInput) -> Self {
        Self {
            stage: input.stage.as_str().to_owned(),
            percent: if input.percent.is_finite() { input.percent.clamp(0.0, 100.0) } else { 0.0 },
            eta_ms: input.eta_ms.map(|ms| ms.max(0)),
        }
    }
}

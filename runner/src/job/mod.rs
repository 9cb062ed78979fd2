//! The kinds of job that a runner can do, and what they share.

mod chunk;
mod desk;
mod download;
mod encoder;
mod error;
mod extra;
mod media;
mod poster;
mod previews;
mod process_video;
mod progress;
mod publish;
mod refusal;
mod rekey;
mod rewrap;
mod sound;
mod texts;
mod verdict;

pub use error::MediaError;
pub use media::{Media, Poster, Rendition, Step, process};
pub use refusal::Refusal;

pub(crate) use desk::Desk;
pub(crate) use progress::Reporter;

use crate::{
    api::{ApiError, operations::JobKind},
    ffmpeg::ladder::Codec,
    transfer::TransferError,
};

/// Does the whole job, of whatever kind.
pub(crate) async fn run(desk: &Desk<'_>) -> Result<(), JobError> {
    match desk.job.kind {
        JobKind::ProcessVideo => process_video::process_video(desk).await,
        JobKind::CopyChunk => chunk::copy_chunk(desk).await,
        JobKind::EncodeChunk => chunk::encode_chunk(desk).await,
        JobKind::EncodeAudio => sound::encode_audio(desk).await,
        JobKind::MakePoster => poster::make_poster(desk).await,
        JobKind::MakePreviews => previews::make_previews(desk).await,
        JobKind::ReadTracks => texts::read_tracks(desk).await,
        JobKind::MakeDownload => download::make_download(desk).await,
        JobKind::RekeyChunk => rekey::rekey_chunk(desk).await,
        JobKind::EncodeHevc => extra::encode_extra(desk, Codec::Hevc).await,
        JobKind::EncodeAv1 => extra::encode_extra(desk, Codec::Av1).await,
    }
}

/// How a job can end without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What the server is told where there was no room.
pub(crate) const OUT_OF_DISK: &str = "RUNNER_OUT_OF_DISK";

/// What the server is told about a job that ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    pub code: &'static str,
    pub message: &'static str,
    /// Whether the job goes back to the queue.
    pub retry: bool,
}

impl JobError {
    /// What to tell; nothing if nobody listens any more.
    pub fn report(&self) -> Option<Report> {
        let ours = |code, message| Some(Report { code, message, retry: true });
        match self {
            Self::Media(MediaError::Refused { refusal, .. }) => {
                Some(Report { code: refusal.code(), message: refusal.message(), retry: false })
            }
            Self::Media(MediaError::OutOfDisk(_)) | Self::Transfer(TransferError::OutOfDisk(_)) => ours(
                OUT_OF_DISK,
                "The machine that processes videos is short of space. It will be tried again.",
            ),
            Self::Media(MediaError::Internal(_)) | Self::Transfer(TransferError::Disk(_)) => {
                ours("INTERNAL", "Processing failed because of a fault on our side. It will be tried again.")
            }
            Self::Transfer(TransferError::Unavailable(_)) => {
                ours("STORAGE_UNAVAILABLE", "The storage could not be reached. It will be tried again.")
            }
            Self::Api(ApiError::LeaseLost) => None,
            Self::Api(_) => {
                ours("INTERNAL", "Processing failed because of a fault on our side. It will be tried again.")
            }
        }
    }

    /// What a person who looks after the site may want to read: ffmpeg's last lines, or what else went wrong.
    pub fn log(&self) -> String {
        match self {
            Self::Media(MediaError::Refused { log, .. }) => log.clone(),
            error => error.to_string(),
        }
    }
}

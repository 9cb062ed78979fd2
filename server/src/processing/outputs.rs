//! Where a runner may put what it makes: addresses in this attempt's folder that carry its lease, and nothing else.

use kinora_entity::{LeaseId, RunnerId, job, rendition::Codec};

use super::{
    previews,
    result::{check_rendition_name, rejected},
};
use crate::{
    app::App,
    download,
    error::{Error, Result},
    job::held,
    storage::{Audience, Md5, PresignedRequest, keys},
};

const MOST_OUTPUTS_AT_ONCE: usize = 200;
/// A chunk of 75 seconds at a hundred megabits has 940 MB.
const LARGEST_OUTPUT_BYTES: i64 = 2 * 1024 * 1024 * 1024;

/// One object that a runner wants to write.
#[derive(Clone, Debug)]
pub struct Output {
    pub kind: OutputKind,
    pub size_bytes: i64,
    /// Of its bytes.
    pub md5: Md5,
}

/// Which of the objects of a job it is.
#[derive(Clone, Debug)]
pub enum OutputKind {
    Chunk {
        rendition: String,
        index: i32,
    },
    Poster,
    /// A rendition as one file.
    Download,
    /// By its number, from 0.
    Sprite(i32),
    Loop,
}

impl OutputKind {
    fn largest_bytes(&self) -> i64 {
        match self {
            Self::Chunk { .. } | Self::Poster => LARGEST_OUTPUT_BYTES,
            Self::Download => download::LARGEST_BYTES,
            Self::Sprite(_) => previews::LARGEST_SPRITE_BYTES,
            Self::Loop => previews::LARGEST_LOOP_BYTES,
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::Chunk { .. } | Self::Loop | Self::Download => "video/mp4",
            Self::Poster | Self::Sprite(_) => "image/jpeg",
        }
    }

    /// The key under this attempt's folder.
    ///
    /// # Errors
    /// RESULT_REJECTED for what has no place there.
    fn key(&self, job: &job::Model) -> Result<String> {
        let is_made_by_it = match self {
            Self::Chunk { rendition, index } => makes_chunk(job, rendition, *index),
            Self::Poster => matches!(job.kind, job::Kind::ProcessVideo | job::Kind::MakePoster),
            Self::Sprite(_) | Self::Loop => job.kind == job::Kind::MakePreviews,
            Self::Download => job.kind == job::Kind::MakeDownload,
        };
        if !is_made_by_it {
            return Err(rejected("This job has no such output."));
        }
        match self {
            Self::Chunk { rendition, index } => {
                check_rendition_name(rendition)?;
                if *index < 0 {
                    return Err(rejected("A chunk has an index from 0."));
                }
                Ok(keys::chunk(job.video_id, job.video_attempt(), rendition, *index, job.lease_id))
            }
            Self::Poster => Ok(keys::poster(job.video_id, job.video_attempt(), job.lease_id)),
            Self::Sprite(number) => {
                if !(0..previews::MOST_SPRITES).contains(number) {
                    return Err(rejected("A storyboard has at most ten sprites, from 0."));
                }
                let lease = job.lease_id.ok_or(Error::LeaseLost)?;
                Ok(keys::sprite(job.video_id, job.video_attempt(), lease, *number))
            }
            Self::Loop => {
                let lease = job.lease_id.ok_or(Error::LeaseLost)?;
                Ok(keys::video_loop(job.video_id, job.video_attempt(), lease))
            }
            Self::Download => download::key_of(job),
        }
    }
}

/// Whether a job is the one that makes this chunk: a runner that lies spoils no more than what it was given.
pub(super) fn makes_chunk(job: &job::Model, rendition: &str, index: i32) -> bool {
    // None for the sound.
    let codec = Codec::of_name(rendition);
    let is_plain = matches!(codec, None | Some(Codec::H264));
    match job.kind {
        // Of a plan it passes on the beginning, of anything else it makes all.
        job::Kind::ProcessVideo => is_plain && (job.plan.is_none() || index == 0),
        job::Kind::CopyChunk => is_plain && job.chunk == Some(index),
        job::Kind::EncodeChunk => job.chunk == Some(index) && codec == Some(Codec::H264),
        job::Kind::EncodeAudio => codec.is_none(),
        job::Kind::RekeyChunk => job.chunk == Some(index),
        job::Kind::EncodeHevc | job::Kind::EncodeAv1 => {
            job.chunk == Some(index) && codec == job.kind.extra_codec()
        }
        job::Kind::MakePoster | job::Kind::ReadTracks | job::Kind::MakePreviews | job::Kind::MakeDownload => {
            false
        }
    }
}

/// Addresses for outputs, each for its exact size and digest, in the order asked for.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED, BAD_USER_INPUT on `outputs`.
pub async fn sign_outputs(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    audience: Audience,
    outputs: &[Output],
) -> Result<Vec<PresignedRequest>> {
    if outputs.len() > MOST_OUTPUTS_AT_ONCE {
        return Err(Error::bad_input(
            "outputs",
            format!("Ask for at most {MOST_OUTPUTS_AT_ONCE} outputs at once."),
        ));
    }
    let job = held(&app.database, lease, runner).await?;
    let mut signed = Vec::with_capacity(outputs.len());
    for output in outputs {
        let Output { kind, size_bytes, md5 } = output;
        let most = kind.largest_bytes();
        if !(1..=most).contains(size_bytes) {
            return Err(rejected(format!("This output has between one byte and {most} bytes.")));
        }
        let key = kind.key(&job)?;
        let storage = &app.storage;
        signed.push(storage.presign_put(&key, *size_bytes, md5, kind.content_type(), audience).await?);
    }
    Ok(signed)
}

//! What will be made of an upload.

use async_graphql::InputObject;

use super::JobKindName;
use crate::{
    processing::{Plan, PlannedJob, PlannedRendition},
    video::RenditionKind,
};

/// A rendition that will be there.
#[derive(InputObject)]
pub struct PlannedRenditionInput {
    /// `audio`, or a height such as `720p`; `720p-hevc` and `720p-av1` are made when the video is ready.
    name: String,
    kind: RenditionKind,
    width: Option<i32>,
    height: Option<i32>,
    frame_rate: Option<f64>,
    /// Null where only the last chunk will tell.
    chunk_count: Option<i32>,
}

/// A piece of the work on a video.
#[derive(InputObject)]
pub struct PlannedJobInput {
    kind: JobKindName,
    chunk: Option<i32>,
    /// How much it is beside the others, for instance the time that it covers.
    weight_ms: i64,
}

/// How a video will be made in chunks.
#[derive(InputObject)]
pub struct VideoPlanInput {
    duration_ms: i32,
    /// Of the source as it is shown: square pixels, the right way up.
    width: i32,
    height: i32,
    renditions: Vec<PlannedRenditionInput>,
    jobs: Vec<PlannedJobInput>,
    /// Handed to whoever does one of the jobs, as it is.
    details: String,
}

impl From<VideoPlanInput> for Plan {
    fn from(input: VideoPlanInput) -> Self {
        let renditions = input.renditions.into_iter().map(|planned| PlannedRendition {
            name: planned.name,
            kind: planned.kind.into(),
            width: planned.width,
            height: planned.height,
            frame_rate: planned.frame_rate,
            chunk_count: planned.chunk_count,
        });
        let jobs = input.jobs.into_iter().map(|planned| PlannedJob {
            kind: planned.kind.into(),
            chunk: planned.chunk,
            weight_ms: planned.weight_ms,
        });
        Self {
            duration_ms: input.duration_ms,
            width: input.width,
            height: input.height,
            renditions: renditions.collect(),
            jobs: jobs.collect(),
            details: input.details,
        }
    }
}

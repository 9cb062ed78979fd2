//! What jobs do to videos: from an upload to renditions that can be played.
//!
//! The first job of a video looks at it and plans; then there is a job for each chunk, one for the sound, one for the
//! poster and one for the text in it, which as many runners do as there are. Runners report what they made; nothing of
//! it is believed before it is checked. What they publish is seen at once.

mod bandwidth;
mod beginning;
mod completion;
mod content;
mod extras;
mod failure;
mod graphql;
mod inputs;
mod outputs;
mod plan;
mod previews;
mod publish;
mod rekey;
mod result;
mod retry;
mod rungs;
mod texts;

pub use beginning::{download_priority, enqueue, lowest_priority};
pub use completion::{complete, encoded_names};
pub use failure::{Failure, fail, lost};
pub use graphql::{ProcessingMutation, ProcessingQuery};
pub use inputs::{Input, inputs};
pub use outputs::{Output, OutputKind, sign_outputs};
pub use plan::{Plan, PlannedJob, PlannedRendition, plan};
pub use previews::{PreviewsResult, enqueue as enqueue_previews, keys_of as keys_of_previews};
pub use publish::publish_chunk;
pub use rekey::begin as begin_rekeying;
pub use result::{Chunk, JobResult, LoudnessResult, PosterResult, RenditionResult};
pub use retry::retry;
pub use texts::{SourceCaption, publish_caption, publish_chapters};

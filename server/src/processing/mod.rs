//! The one kind of job there is: from an upload to renditions that can be played.
//!
//! Runners report what they made; nothing of it is believed before it is checked, and nothing of it is
//! seen before the whole is published in one transaction.

mod bandwidth;
mod outputs;
mod publish;
mod result;

pub use outputs::{Output, sign_outputs};
pub use publish::{complete, fail, lost, publish_chunk};
pub use result::{Chunk, JobResult, PosterResult, RenditionResult};

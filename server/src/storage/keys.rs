//! The one place that knows how objects are named in the bucket.

use kinora_entity::{UploadId, UserId, VideoId};

/// What the uploader sent, untouched.
pub fn source(upload: UploadId) -> String {
    format!("uploads/{upload}/source")
}

/// What an import brings in: the same key each time it is tried, so that an attempt that was cut off is
/// overwritten and not left over. `post` names the post among all of the uploader's, in hexadecimal.
pub fn imported(uploader: UserId, post: &str, attempt: i32) -> String {
    format!("imports/{uploader}/{post}/{attempt}/source")
}

/// Everything made from a video, over all attempts.
pub fn video_prefix(video: VideoId) -> String {
    format!("videos/{video}/")
}

/// One chunk of one rendition. Each attempt has a folder of its own, so that a runner that lost its
/// lease cannot touch what another one publishes.
pub fn chunk(video: VideoId, attempt: i32, rendition: &str, index: i32) -> String {
    format!("videos/{video}/{attempt}/{rendition}/chunk-{index}.mp4")
}

/// The poster image.
pub fn poster(video: VideoId, attempt: i32) -> String {
    format!("videos/{video}/{attempt}/poster.jpg")
}

//! What a player is given to play.

use crate::api::VideoDetails;

/// One video, ready to be played.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub video_id: String,
    pub hls_url: String,
}

impl Source {
    /// None while there is nothing to play yet, or for this viewer.
    pub fn of(video: &VideoDetails) -> Option<Self> {
        let hls_url = video.hls_url.clone().filter(|_| video.playable)?;
        Some(Self { video_id: video.id.inner().to_owned(), hls_url })
    }
}

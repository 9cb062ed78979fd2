//! The one place that knows how objects are named in the bucket.

use kinora_entity::{LeaseId, ThumbnailId, UploadId, UserId, VideoId, video};

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

/// One chunk of one rendition. The lease is part of its name, so that a runner that lost it cannot touch
/// what another one publishes; objects from before it was have none.
pub fn chunk(video: VideoId, attempt: i32, rendition: &str, index: i32, lease: Option<LeaseId>) -> String {
    match lease {
        Some(lease) => format!("videos/{video}/{attempt}/{rendition}/chunk-{index}-{lease}.mp4"),
        None => format!("videos/{video}/{attempt}/{rendition}/chunk-{index}.mp4"),
    }
}

/// The poster image; named like a chunk.
pub fn poster(video: VideoId, attempt: i32, lease: Option<LeaseId>) -> String {
    match lease {
        Some(lease) => format!("videos/{video}/{attempt}/poster-{lease}.jpg"),
        None => format!("videos/{video}/{attempt}/poster.jpg"),
    }
}

/// The picture that came with a video.
pub fn thumbnail(video: VideoId, thumbnail: ThumbnailId) -> String {
    format!("videos/{video}/thumbnail-{thumbnail}.jpg")
}

/// The picture that stands for a video: the one that came with it, else the poster, whichever attempt made that.
pub fn picture_of(video: &video::Model) -> Option<String> {
    if let Some(id) = video.thumbnail_id {
        return Some(thumbnail(video.id, id));
    }
    poster_of(video)
}

/// The poster that a video has, whichever attempt made it.
pub fn poster_of(video: &video::Model) -> Option<String> {
    let attempt = video.poster_attempt.or(video.published_attempt).filter(|_| video.has_poster)?;
    Some(poster(video.id, attempt, video.poster_lease_id))
}

/// The processing attempt that an object belongs to.
pub fn attempt_of(key: &str) -> Option<i32> {
    key.strip_prefix("videos/")?.split('/').nth(1)?.parse().ok()
}

/// What one try made to show a video before it is played.
pub fn previews_prefix(video: VideoId, attempt: i32, lease: LeaseId) -> String {
    format!("videos/{video}/{attempt}/preview-{lease}/")
}

/// An image of many tiles.
pub fn sprite(video: VideoId, attempt: i32, lease: LeaseId, number: i32) -> String {
    format!("{}storyboard-{number}.jpg", previews_prefix(video, attempt, lease))
}

/// A few seconds without sound.
pub fn video_loop(video: VideoId, attempt: i32, lease: LeaseId) -> String {
    format!("{}loop.mp4", previews_prefix(video, attempt, lease))
}

/// A rendition as one file; named like a chunk.
pub fn download(video: VideoId, attempt: i32, rendition: &str, lease: LeaseId) -> String {
    format!("videos/{video}/{attempt}/download/{rendition}-{lease}.mp4")
}

/// Everything of one upload.
pub fn upload_prefix(upload: UploadId) -> String {
    format!("uploads/{upload}/")
}

/// Where `kinora doctor` puts what it takes away again.
pub const TRIALS: &str = "doctor/";

/// One object of `kinora doctor`.
pub fn trial(number: u64) -> String {
    format!("{TRIALS}{number:016x}")
}

/// Under which all objects of ours lie.
pub const ALL_PREFIXES: [&str; 4] = ["uploads/", "imports/", "videos/", TRIALS];

/// Whether a key can be one of ours: buckets may be shared.
pub fn is_ours(key: &str) -> bool {
    ALL_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// The part of a key that says whose it is: `uploads/{upload}/`, `videos/{video}/` or `doctor/`.
pub fn owner_prefix(key: &str) -> &str {
    if key.starts_with(TRIALS) {
        return TRIALS;
    }
    let second_slash = key.match_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    key.get(..second_slash).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whose_it_is() {
        let video = VideoId::random();
        assert_eq!(owner_prefix(&chunk(video, 1, "720p", 0, Some(LeaseId::random()))), video_prefix(video));
        assert_eq!(attempt_of(&chunk(video, 12, "720p", 0, None)), Some(12));
        assert_eq!(attempt_of(&poster(video, 3, None)), Some(3));
        assert_eq!(attempt_of(&trial(1)), None);
        let upload = UploadId::random();
        assert_eq!(owner_prefix(&source(upload)), upload_prefix(upload));
        assert_eq!(owner_prefix(&trial(1)), TRIALS);
        assert_eq!(owner_prefix("else/1"), "");
    }
}

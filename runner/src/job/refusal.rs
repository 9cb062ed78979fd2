//! Why a source cannot become a video: a stable code, and a sentence for the person who uploaded it.

/// A final verdict on a source; trying again would end the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    Truncated,
    UnsupportedContainer,
    ExternalReference,
    UnsupportedCodec,
    Dimensions,
    TooLong,
    TooManyStreams,
    NoVideo,
    ProbeTimeout,
    Corrupt,
}

impl Refusal {
    /// The code in `Failure.code`; never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Truncated => "MEDIA_TRUNCATED",
            Self::UnsupportedContainer => "MEDIA_UNSUPPORTED_CONTAINER",
            Self::ExternalReference => "MEDIA_EXTERNAL_REFERENCE",
            Self::UnsupportedCodec => "MEDIA_UNSUPPORTED_CODEC",
            Self::Dimensions => "MEDIA_DIMENSIONS",
            Self::TooLong => "MEDIA_TOO_LONG",
            Self::TooManyStreams => "MEDIA_TOO_MANY_STREAMS",
            Self::NoVideo => "MEDIA_NO_VIDEO",
            Self::ProbeTimeout => "MEDIA_PROBE_TIMEOUT",
            Self::Corrupt => "MEDIA_CORRUPT",
        }
    }

    /// What was wrong and what to do about it, for the uploader.
    pub fn message(self) -> &'static str {
        match self {
            Self::Truncated => {
                "The file is incomplete: its end is missing. Copy or export it again and upload the whole file."
            }
            Self::UnsupportedContainer => {
                "This is not a video file that can be read here. MP4, MOV, MKV, WebM, AVI and MPEG files work."
            }
            Self::ExternalReference => {
                "The file only points to other files that hold the video. Export it as one self-contained file."
            }
            Self::UnsupportedCodec => {
                "The video uses a format that cannot be read here. Export it as H.264 with AAC sound and try again."
            }
            Self::Dimensions => "The picture is too large. Up to 8192 × 4320 pixels can be processed.",
            Self::TooLong => {
                "The video is longer than this site allows. Upload a shorter one, or cut it in parts."
            }
            Self::TooManyStreams => {
                "The file holds too many tracks. Export it with one video and one audio track."
            }
            Self::NoVideo => "There is no video in this file, only sound or nothing at all.",
            Self::ProbeTimeout => {
                "The file took too long to examine, so it is probably damaged. Export it again and try once more."
            }
            Self::Corrupt => {
                "The file is damaged: too little of the picture can be read. Copy or export it again and try once more."
            }
        }
    }
}

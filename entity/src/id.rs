//! Typed ids: 63 random bits in the database, up to 11 base58 characters outside.

use std::{fmt, str::FromStr};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this site")
    }
}

impl std::error::Error for ParseIdError {}

fn encode(raw: i64) -> String {
    bs58::encode(raw.to_be_bytes()).into_string()
}

fn decode(text: &str) -> Result<i64, ParseIdError> {
    if text.len() > 11 {
        return Err(ParseIdError);
    }
    let mut bytes = [0u8; 8];
    let length = bs58::decode(text).onto(&mut bytes[..]).map_err(|_| ParseIdError)?;
    let raw = i64::from_be_bytes(bytes);
    if length != 8 || raw < 0 {
        return Err(ParseIdError);
    }
    Ok(raw)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType,
        )]
        pub struct $name(pub i64);

        impl $name {
            /// A new id that nobody can guess: 63 random bits.
            pub fn random() -> Self {
                Self(rand::random::<i64>() & i64::MAX)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                decode(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// An account.
    UserId,
    /// One log-in of one browser or client.
    SessionId,
    /// A bearer token for programs.
    ApiTokenId,
    /// A machine that processes videos.
    RunnerId,
    /// A token with which a machine becomes a runner, once.
    RunnerRegistrationId,
    /// A video.
    VideoId,
    /// One rendition of one processing attempt.
    RenditionId,
    /// One object that holds a stretch of a rendition.
    ChunkId,
    /// A tag.
    TagId,
    /// Where an imported video came from.
    OriginId,
    /// One counted view.
    ViewId,
    /// A multipart upload from a browser or a terminal.
    UploadId,
    /// A piece of work for runners.
    JobId,
    /// The right to work on a job: the fencing token of every write of a runner.
    LeaseId,
    /// A picture that came with a video and is shown in place of a frame of it.
    ThumbnailId,
    /// An address that is told what happens.
    WebhookId,
    /// One message to a webhook.
    DeliveryId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_survives_the_way_out_and_back() {
        for raw in [0, 1, 57, 58, i64::MAX, 0x0102_0304_0506_0708] {
            assert_eq!(VideoId(raw).to_string().parse(), Ok(VideoId(raw)));
        }
        let id = VideoId::random();
        assert!(id.to_string().len() <= 11);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "0", "lI0O", "../../etc/passwd", "zzzzzzzzzzzzzzzz", "2", "JPwcyDCgEuqJPwcyDCgEuq"] {
            assert_eq!(text.parse::<VideoId>(), Err(ParseIdError), "{text}");
        }
    }
}

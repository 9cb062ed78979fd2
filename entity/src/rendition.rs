//! Renditions of a processing attempt.

use sea_orm::entity::prelude::*;

use crate::id::{RenditionId, VideoId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    #[sea_orm(string_value = "video")]
    Video,
    #[sea_orm(string_value = "audio")]
    Audio,
}

/// What pictures are encoded in. H.264 is what everybody can play; the others are extras, which come later or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    H264,
    Hevc,
    Av1,
}

impl Codec {
    const EXTRAS: [(&str, Self); 2] = [("-hevc", Self::Hevc), ("-av1", Self::Av1)];

    /// What a rendition of this name is encoded in: `1080p` in H.264, `1080p-hevc` in HEVC. Nothing for the sound.
    pub fn of_name(name: &str) -> Option<Self> {
        let extra = Self::EXTRAS.into_iter().find(|(suffix, _)| name.ends_with(suffix));
        match extra {
            Some((_, codec)) => Some(codec),
            None => (name != "audio").then_some(Self::H264),
        }
    }

    /// A rendition's name without what it says of its codec.
    pub fn size_of_name(name: &str) -> &str {
        Self::EXTRAS.into_iter().find_map(|(suffix, _)| name.strip_suffix(suffix)).unwrap_or(name)
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rendition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RenditionId,
    pub video_id: VideoId,
    pub attempt: i32,
    /// `1080p`, `720p-hevc`, … or `audio`: also its name in addresses and keys.
    pub name: String,
    pub kind: Kind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    /// RFC 6381, for example `avc1.640028`.
    pub codecs: String,
    /// Peak bits per second over any one segment (RFC 8216, 4.3.4.2). Of an extra codec 0 until it is whole.
    pub bandwidth: i64,
    /// Bits per second over the whole.
    pub average_bandwidth: i64,
    /// How many chunks it will have, once that is known.
    pub chunk_count: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether it is one of those that come after the video is ready.
    pub fn is_extra(&self) -> bool {
        !matches!(Codec::of_name(&self.name), None | Some(Codec::H264))
    }

    /// Whether viewers may know of it: an extra is shown when it is whole.
    pub fn is_shown(&self) -> bool {
        !self.is_extra() || self.bandwidth > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Codec;

    #[test]
    fn a_name_tells_the_codec() {
        let names = ["1080p", "1080p-hevc", "720p-av1", "audio"];
        let codecs = names.map(Codec::of_name);
        assert_eq!(codecs, [Some(Codec::H264), Some(Codec::Hevc), Some(Codec::Av1), None]);
        assert_eq!(names.map(Codec::size_of_name), ["1080p", "1080p", "720p", "audio"]);
    }
}

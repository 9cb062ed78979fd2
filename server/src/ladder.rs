//! The ladder: which renditions every video is offered in.

use std::cmp::Reverse;

use anyhow::{Context as _, Result, bail};
use kinora_entity::rendition;
use kinora_runner::ffmpeg::{args::software_encoder, ladder::Codec};

/// How much care the encoder takes, in the words of x264 and x265: the slower, the fewer bytes for the same picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, async_graphql::Enum)]
pub enum EncoderPreset {
    Ultrafast,
    Superfast,
    #[default]
    Veryfast,
    Faster,
    Fast,
    Medium,
    Slow,
    Slower,
    Veryslow,
}

impl EncoderPreset {
    const ALL: [(&str, Self); 9] = [
        ("ultrafast", Self::Ultrafast),
        ("superfast", Self::Superfast),
        ("veryfast", Self::Veryfast),
        ("faster", Self::Faster),
        ("fast", Self::Fast),
        ("medium", Self::Medium),
        ("slow", Self::Slow),
        ("slower", Self::Slower),
        ("veryslow", Self::Veryslow),
    ];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, preset)| *preset)
    }
}

/// What pictures are encoded in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, async_graphql::Enum)]
pub enum VideoCodec {
    /// Which everybody can play.
    #[default]
    #[graphql(name = "H264")]
    H264,
    /// H.265.
    #[graphql(name = "HEVC")]
    Hevc,
    #[graphql(name = "AV1")]
    Av1,
}

impl From<rendition::Codec> for VideoCodec {
    fn from(codec: rendition::Codec) -> Self {
        match codec {
            rendition::Codec::H264 => Self::H264,
            rendition::Codec::Hevc => Self::Hevc,
            rendition::Codec::Av1 => Self::Av1,
        }
    }
}

impl VideoCodec {
    /// What ffmpeg calls the encoder that a runner needs for it, where not every runner has it.
    pub fn extra_encoder(self) -> Option<&'static str> {
        match self {
            Self::H264 => None,
            Self::Hevc => Some(software_encoder(Codec::Hevc)),
            Self::Av1 => Some(software_encoder(Codec::Av1)),
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "h264" => Some(Self::H264),
            "hevc" => Some(Self::Hevc),
            "av1" => Some(Self::Av1),
            _ => None,
        }
    }
}

/// One rung of the ladder that every video is encoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    pub codec: VideoCodec,
    /// Pixels along the short side.
    pub short_side: u32,
    /// Highest video bitrate in bits per second.
    pub video_bitrate: u32,
    pub preset: EncoderPreset,
}

impl Rung {
    /// Of H.264.
    pub const fn new(short_side: u32, video_bitrate: u32) -> Self {
        Self { codec: VideoCodec::H264, short_side, video_bitrate, preset: EncoderPreset::Veryfast }
    }

    /// `SIDE[p]:KILOBITS[k][:CODEC][:PRESET]`, the last two in either order.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(':').map(str::trim);
        let short_side: u32 = words.next()?.trim_end_matches('p').parse().ok()?;
        let kilobits: u32 = words.next()?.trim_end_matches('k').parse().ok()?;
        let (mut codec, mut preset) = (None, None);
        for word in words {
            match (VideoCodec::parse(word), EncoderPreset::parse(word)) {
                (Some(named), _) if codec.is_none() => codec = Some(named),
                (_, Some(named)) if preset.is_none() => preset = Some(named),
                _ => return None,
            }
        }
        let fits = (144..=4320).contains(&short_side) && (50..=100_000).contains(&kilobits);
        (fits && short_side.is_multiple_of(2)).then_some(Self {
            codec: codec.unwrap_or_default(),
            short_side,
            video_bitrate: kilobits * 1000,
            preset: preset.unwrap_or_default(),
        })
    }
}

/// The ladder of a site that names none.
pub fn standard() -> Vec<Rung> {
    [(1080, 5_000_000), (720, 2_800_000), (480, 1_400_000), (360, 700_000)]
        .map(|(short_side, video_bitrate)| Rung::new(short_side, video_bitrate))
        .into()
}

/// Rungs from the largest on, none of a codec twice.
///
/// # Errors
/// Says which rung is none, and how one is written; or that nothing is left that everybody can play.
pub fn parse(text: &str) -> Result<Vec<Rung>> {
    let rung = |text: &str| {
        Rung::parse(text).with_context(|| {
            format!(
                "KINORA_LADDER takes rungs such as 1080p:5000k,720p:2800k:fast,1080p:3000k:hevc, with hevc or av1 if it \
                 is not h264, and with a preset from ultrafast to veryslow if it is not veryfast; “{text}” is none."
            )
        })
    };
    let mut parsed = text.split(',').map(rung).collect::<Result<Vec<_>>>()?;
    parsed.sort_by_key(|rung| Reverse(rung.short_side));
    let mut rungs: Vec<Rung> = Vec::new();
    for rung in parsed {
        if !rungs.iter().any(|other| (other.codec, other.short_side) == (rung.codec, rung.short_side)) {
            rungs.push(rung);
        }
    }
    if !rungs.iter().any(|rung| rung.codec == VideoCodec::H264) {
        bail!(
            "KINORA_LADDER needs at least one rung of H.264, such as 720p:2800k: not everybody can play HEVC or AV1."
        );
    }
    Ok(rungs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_sorted_from_the_top() {
        let rungs = parse("360p:700k, 720:2800, 1080p:5000k:slow").unwrap();
        let sides: Vec<u32> = rungs.iter().map(|rung| rung.short_side).collect();
        assert_eq!(sides, [1080, 720, 360]);
        assert_eq!((rungs[0].preset, rungs[1].preset), (EncoderPreset::Slow, EncoderPreset::Veryfast));
    }

    #[test]
    fn codec_and_preset_come_in_either_order_and_each_codec_has_its_own_rungs() {
        let text =
            "720p:2800k,720p:1500k:hevc:fast,720p:1400k:slow:av1,720p:1200k:av1,1080p:5000k:h264,720p:1k00";
        assert!(parse(text).is_err());
        let rungs = parse(text.trim_end_matches(",720p:1k00")).unwrap();
        let told: Vec<_> =
            rungs.iter().map(|rung| (rung.codec, rung.short_side, rung.video_bitrate)).collect();
        assert_eq!(
            told,
            [
                (VideoCodec::H264, 1080, 5_000_000),
                (VideoCodec::H264, 720, 2_800_000),
                (VideoCodec::Hevc, 720, 1_500_000),
                (VideoCodec::Av1, 720, 1_400_000),
            ]
        );
        let presets = [rungs[1].preset, rungs[2].preset, rungs[3].preset];
        assert_eq!(presets, [EncoderPreset::Veryfast, EncoderPreset::Fast, EncoderPreset::Slow]);
    }

    #[test]
    fn a_ladder_that_not_everybody_can_play_is_refused() {
        let error = parse("1080p:3000k:hevc,720p:1500k:av1").unwrap_err().to_string();
        assert!(error.contains("H.264"), "{error}");
    }

    #[test]
    fn what_is_no_rung_is_named() {
        for bad in [
            "",
            "1080",
            "1080p:fast",
            "1080p:5000k:slowest",
            "1080p:5000k:slow:8",
            "1080p:5000k:slow:fast",
            "1080p:5000k:hevc:av1",
            "1080p:5000k:vp9",
            "1080p:5000k:",
            "721p:5000k",
            "8p:9k",
        ] {
            let error = parse(&format!("480p:1400k,{bad}")).unwrap_err().to_string();
            assert!(error.contains(&format!("“{bad}”")), "{error}");
        }
    }
}

//! The ladder: which renditions every video is offered in.

use std::cmp::Reverse;

use anyhow::{Context as _, Result};

/// How much care the encoder takes, in x264's words: the slower, the fewer bytes for the same picture.
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

/// One rung of the ladder that every video is encoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Pixels along the short side.
    pub short_side: u32,
    /// Highest video bitrate in bits per second.
    pub video_bitrate: u32,
    pub preset: EncoderPreset,
}

impl Rung {
    pub const fn new(short_side: u32, video_bitrate: u32) -> Self {
        Self { short_side, video_bitrate, preset: EncoderPreset::Veryfast }
    }

    /// `SIDE[p]:KILOBITS[k][:PRESET]`
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(':').map(str::trim);
        let short_side: u32 = words.next()?.trim_end_matches('p').parse().ok()?;
        let kilobits: u32 = words.next()?.trim_end_matches('k').parse().ok()?;
        let preset = words.next().map_or(Some(EncoderPreset::default()), EncoderPreset::parse)?;
        let fits = (144..=4320).contains(&short_side) && (50..=100_000).contains(&kilobits);
        let is_whole = short_side.is_multiple_of(2) && words.next().is_none();
        (fits && is_whole).then_some(Self { short_side, video_bitrate: kilobits * 1000, preset })
    }
}

/// The ladder of a site that names none.
pub fn standard() -> Vec<Rung> {
    [(1080, 5_000_000), (720, 2_800_000), (480, 1_400_000), (360, 700_000)]
        .map(|(short_side, video_bitrate)| Rung::new(short_side, video_bitrate))
        .into()
}

/// Rungs from the largest on, none twice.
///
/// # Errors
/// Says which rung is none, and how one is written.
pub fn parse(text: &str) -> Result<Vec<Rung>> {
    let rung = |text: &str| {
        Rung::parse(text).with_context(|| {
            format!(
                "KINORA_LADDER takes rungs such as 1080p:5000k,720p:2800k:fast,480p:1400k, with a preset from \
                 ultrafast to veryslow if it is not veryfast; “{text}” is none."
            )
        })
    };
    let mut rungs = text.split(',').map(rung).collect::<Result<Vec<_>>>()?;
    rungs.sort_by_key(|rung| Reverse(rung.short_side));
    rungs.dedup_by_key(|rung| rung.short_side);
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
    fn what_is_no_rung_is_named() {
        for bad in
            ["", "1080", "1080p:fast", "1080p:5000k:slowest", "1080p:5000k:slow:8", "721p:5000k", "8p:9k"]
        {
            let error = parse(&format!("480p:1400k,{bad}")).unwrap_err().to_string();
            assert!(error.contains(&format!("“{bad}”")), "{error}");
        }
    }
}

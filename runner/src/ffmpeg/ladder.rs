//! Which sizes a source is offered in.

use serde::{Deserialize, Serialize};

/// How much care x264 takes, from the fastest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
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

impl Preset {
    /// What ffmpeg calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
            Self::Slower => "slower",
            Self::Veryslow => "veryslow",
        }
    }
}

/// What pictures are encoded in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    #[default]
    H264,
    Hevc,
    Av1,
}

impl Codec {
    /// What the name of a rendition ends with.
    fn suffix(self) -> &'static str {
        match self {
            Self::H264 => "",
            Self::Hevc => "-hevc",
            Self::Av1 => "-av1",
        }
    }

    /// How much more it says with a bit than H.264.
    pub fn worth(self) -> f64 {
        match self {
            Self::H264 => 1.0,
            Self::Hevc => 1.6,
            Self::Av1 => 2.0,
        }
    }
}

/// One step of the ladder that the job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    pub codec: Codec,
    /// Pixels of the shorter side, so that portrait and landscape are treated alike.
    pub short_side: u32,
    /// Ceiling of the bitrate, in bits per second.
    pub video_bitrate: u32,
    pub preset: Preset,
}

impl Rung {
    /// Of H.264.
    pub const fn new(short_side: u32, video_bitrate: u32) -> Self {
        Self { codec: Codec::H264, short_side, video_bitrate, preset: Preset::Veryfast }
    }
}

/// A size to encode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// For example `720p`; unique within a video.
    pub name: String,
    pub width: u32,
    pub height: u32,
    /// Ceiling of the bitrate, in bits per second.
    pub max_bitrate: u32,
    /// Plans that were made before this could be chosen name none.
    #[serde(default)]
    pub preset: Preset,
    /// Plans that were made before there were others name none.
    #[serde(default)]
    pub codec: Codec,
}

/// From this factor over the largest fitting rung on, a source is also offered in its own size.
const OWN_SIZE_FROM: f64 = 1.2;
/// Less than this looks bad at any size that somebody would upload.
const LOWEST_BITRATE: u32 = 200_000;

/// The sizes in H.264 for a source that is shown at `width` × `height` square pixels, largest first; never empty.
///
/// `source_bitrate` is the source's own in bits per second of H.264, where known: no rendition is given more.
pub fn sizes(width: u32, height: u32, rungs: &[Rung], source_bitrate: Option<u32>) -> Vec<Size> {
    let short = width.min(height);
    let rungs = rungs_of(Codec::H264, rungs);
    let mut chosen: Vec<Rung> = rungs.iter().copied().filter(|rung| rung.short_side <= short).collect();
    let next = rungs.iter().rev().find(|rung| rung.short_side > short);
    let own = match (chosen.first(), next) {
        (None, Some(lowest)) => {
            Some(Rung { short_side: short, video_bitrate: below(*lowest, short), ..*lowest })
        }
        (None, None) => Some(Rung::new(short, 2_000_000)),
        (Some(fitting), Some(next)) if f64::from(short) >= OWN_SIZE_FROM * f64::from(fitting.short_side) => {
            Some(Rung { short_side: short, video_bitrate: between(*fitting, *next, short), ..*fitting })
        }
        _ => None,
    };
    if let Some(own) = own {
        chosen.insert(0, own);
    }
    chosen.into_iter().map(|rung| size(width, height, rung, source_bitrate)).collect()
}

/// The sizes in another codec than H.264, largest first; often none. A rung is for sources that are as large: what is
/// up to a sixth smaller gets it in its own size, and smaller ones get nothing of it.
pub fn extras(
    codec: Codec,
    width: u32,
    height: u32,
    rungs: &[Rung],
    source_bitrate: Option<u32>,
) -> Vec<Size> {
    let short = width.min(height);
    let rungs = rungs_of(codec, rungs);
    let mut chosen: Vec<Rung> = rungs.iter().copied().filter(|rung| rung.short_side <= short).collect();
    let is_far = |one: u32, other: u32| f64::from(one) >= OWN_SIZE_FROM * f64::from(other);
    let next = rungs.iter().rev().find(|rung| rung.short_side > short);
    let next = next.filter(|next| f64::from(short) * OWN_SIZE_FROM >= f64::from(next.short_side));
    if let Some(next) = next.filter(|_| chosen.first().is_none_or(|fits| is_far(short, fits.short_side))) {
        let own = Rung { short_side: short, video_bitrate: below(*next, short), ..*next };
        chosen.insert(0, own);
    }
    chosen.into_iter().map(|rung| size(width, height, rung, source_bitrate)).collect()
}

/// Those of one codec, from the largest to the smallest, none twice.
fn rungs_of(codec: Codec, rungs: &[Rung]) -> Vec<Rung> {
    let is_one = |rung: &Rung| rung.codec == codec && rung.short_side >= 2;
    let mut rungs: Vec<Rung> = rungs.iter().copied().filter(is_one).collect();
    rungs.sort_by_key(|rung| std::cmp::Reverse(rung.short_side));
    rungs.dedup_by_key(|rung| rung.short_side);
    rungs
}

fn size(width: u32, height: u32, rung: Rung, source_bitrate: Option<u32>) -> Size {
    let scale = f64::from(rung.short_side) / f64::from(width.min(height));
    let side = |length: u32| even(f64::from(length) * scale);
    let max_bitrate = match source_bitrate {
        Some(source) => {
            let enough = f64::from(source.max(LOWEST_BITRATE)) / rung.codec.worth();
            rung.video_bitrate.min(enough.round() as u32)
        }
        None => rung.video_bitrate,
    };
    Size {
        name: format!("{}p{}", rung.short_side, rung.codec.suffix()),
        width: side(width),
        height: side(height),
        max_bitrate,
        preset: rung.preset,
        codec: rung.codec,
    }
}

/// The nearest even number, never above the length itself unless that is below 2.
fn even(length: f64) -> u32 {
    let length = (length + 1e-6).max(2.0);
    let rounded = (length / 2.0).round() as u32 * 2;
    if f64::from(rounded) > length + 1.0 - 1e-3 { rounded - 2 } else { rounded }
}

/// The bitrate of a size between two rungs, in proportion.
fn between(low: Rung, high: Rung, short_side: u32) -> u32 {
    let part = f64::from(short_side - low.short_side) / f64::from(high.short_side - low.short_side);
    let span = f64::from(high.video_bitrate) - f64::from(low.video_bitrate);
    (f64::from(low.video_bitrate) + part * span).round() as u32
}

/// The bitrate of a size below the lowest rung, by its area.
fn below(lowest: Rung, short_side: u32) -> u32 {
    let part = f64::from(short_side) / f64::from(lowest.short_side);
    ((f64::from(lowest.video_bitrate) * part * part).round() as u32).max(LOWEST_BITRATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [Rung; 4] = [
        Rung::new(1080, 5_000_000),
        Rung::new(720, 2_800_000),
        Rung::new(480, 1_400_000),
        Rung::new(360, 700_000),
    ];

    fn planned(width: u32, height: u32) -> Vec<(String, u32, u32)> {
        sizes(width, height, &LADDER, None).into_iter().map(|s| (s.name, s.width, s.height)).collect()
    }

    fn named(expected: &[(&str, u32, u32)]) -> Vec<(String, u32, u32)> {
        expected.iter().map(|(name, width, height)| ((*name).to_owned(), *width, *height)).collect()
    }

    #[test]
    fn sizes_follow_the_short_side_and_are_never_scaled_up() {
        type Expected<'a> = &'a [(&'a str, u32, u32)];
        let table: &[(u32, u32, Expected<'_>)] = &[
            (
                1920,
                1080,
                &[("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480), ("360p", 640, 360)],
            ),
            (
                1080,
                1920,
                &[("1080p", 1080, 1920), ("720p", 720, 1280), ("480p", 480, 854), ("360p", 360, 640)],
            ),
            (
                3840,
                2160,
                &[("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480), ("360p", 640, 360)],
            ),
            // Below the next rung, but far above the one that fits: its own size comes on top.
            (1070, 700, &[("700p", 1070, 700), ("480p", 734, 480), ("360p", 550, 360)]),
            (1138, 640, &[("640p", 1138, 640), ("480p", 854, 480), ("360p", 640, 360)]),
            // Only a little above the rung that fits: not worth a rendition.
            (800, 500, &[("480p", 768, 480), ("360p", 576, 360)]),
            // Below the lowest rung: one rendition of its own.
            (161, 121, &[("121p", 160, 120)]),
            (320, 240, &[("240p", 320, 240)]),
            (1, 1, &[("1p", 2, 2)]),
        ];
        for (width, height, expected) in table {
            assert_eq!(planned(*width, *height), named(expected), "{width}x{height}");
        }
    }

    #[test]
    fn the_bitrate_of_an_own_size_lies_between_its_neighbours() {
        assert_eq!(sizes(1066, 600, &LADDER, None)[0].max_bitrate, 2_100_000);
        assert_eq!(sizes(320, 180, &LADDER, None)[0].max_bitrate, 200_000);
        assert_eq!(sizes(640, 300, &LADDER, None)[0].max_bitrate, 486_111);
    }

    #[test]
    fn no_rendition_gets_more_than_the_source_had() {
        let bitrates: Vec<u32> =
            sizes(1920, 1080, &LADDER, Some(1_000_000)).iter().map(|s| s.max_bitrate).collect();
        assert_eq!(bitrates, [1_000_000, 1_000_000, 1_000_000, 700_000]);
    }

    #[test]
    fn other_codecs_are_for_sources_that_are_large_enough() {
        let rung =
            |short_side, video_bitrate| Rung { codec: Codec::Hevc, ..Rung::new(short_side, video_bitrate) };
        let rungs = [rung(1080, 3_000_000), rung(480, 900_000), Rung::new(720, 2_800_000)];
        let planned = |width, height, source| {
            let sizes = extras(Codec::Hevc, width, height, &rungs, source).into_iter();
            sizes.map(|size| (size.name, size.width, size.max_bitrate)).collect::<Vec<_>>()
        };
        let named = |expected: &[(&str, u32, u32)]| {
            expected.iter().map(|(name, width, rate)| ((*name).to_owned(), *width, *rate)).collect::<Vec<_>>()
        };
        let both = named(&[("1080p-hevc", 1920, 3_000_000), ("480p-hevc", 854, 900_000)]);
        assert_eq!(planned(3840, 2160, None), both);
        let own = named(&[("900p-hevc", 1600, 2_083_333), ("480p-hevc", 854, 900_000)]);
        assert_eq!(planned(1600, 900, None), own);
        assert_eq!(planned(1280, 720, None), named(&[("480p-hevc", 854, 900_000)]));
        assert_eq!(planned(640, 360, None), []);
        assert_eq!(planned(854, 480, Some(800_000)), named(&[("480p-hevc", 854, 500_000)]));
        assert_eq!(extras(Codec::Av1, 1920, 1080, &rungs, None), []);
    }

    #[test]
    fn an_empty_ladder_still_yields_one_rendition() {
        assert_eq!(sizes(641, 359, &[], None).len(), 1);
    }
}

//! What this machine is and can do, as the administrator of a site sees it.

use std::{env::consts, path::Path, process::Stdio, thread, time::Duration};

use tokio::process::Command;

use crate::{
    api::{
        EXTRA_KINDS,
        operations::{JobKind, RunnerCapabilitiesInput},
    },
    ffmpeg::args::software_encoder,
    hardware::{self, Outcome, Tried},
    tools::Tools,
};

/// What is worth telling: the codecs that players take.
const CODECS: [&str; 4] = ["h264", "hevc", "av1", "vp9"];
/// ffmpeg only prints a list.
const DEADLINE: Duration = Duration::from_secs(10);
/// The server takes no longer words, and no more of them.
const LONGEST_WORD: usize = 100;
const MOST_ENCODERS: usize = 100;

/// Asks the programs and the system.
pub async fn detect(tools: &Tools, containment: &[&str], jobs: usize) -> RunnerCapabilitiesInput {
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let (list, banner) = listed(&tools.ffmpeg).await;
    let encoders = without_failing(tools, encoders(&list)).await;
    RunnerCapabilitiesInput {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ffmpeg_version: version(&banner),
        platform: format!("{} {}", consts::OS, consts::ARCH),
        encoders,
        jobs: count(jobs),
        cores: count(thread::available_parallelism().map_or(1, usize::from)),
        containment: containment.iter().map(|layer| (*layer).to_owned()).collect(),
    }
}

/// Leaves out what needs hardware that this machine lacks, or that does not work.
async fn without_failing(tools: &Tools, mut encoders: Vec<String>) -> Vec<String> {
    for tried in hardware::try_all(&tools.ffmpeg, &encoders).await {
        let Tried { encoder, outcome } = tried;
        match &outcome {
            Outcome::Works => tracing::info!(encoder, "a hardware encoder works; jobs do not use it"),
            Outcome::Absent(device) => {
                tracing::debug!(encoder, device, "there is no hardware for an encoder")
            }
            Outcome::Fails(why) => tracing::warn!(encoder, why, "a hardware encoder does not work here"),
        }
        if outcome != Outcome::Works {
            encoders.retain(|other| *other != encoder);
        }
    }
    encoders
}

/// The kinds of job that can be done with these encoders, beside those that every runner can do.
pub(crate) fn extras(encoders: &[String]) -> Vec<JobKind> {
    let has = |codec| encoders.iter().any(|name| name == software_encoder(codec));
    EXTRA_KINDS.into_iter().filter(|(_, codec)| has(*codec)).map(|(kind, _)| kind).collect()
}

/// What ffmpeg lists of its encoders, and the banner before it that names its version; empty when it cannot be had.
async fn listed(program: &Path) -> (String, String) {
    let mut command = Command::new(program);
    command.arg("-encoders").stdin(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(DEADLINE, command.output()).await {
        Ok(Ok(output)) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&output.stdout), text(&output.stderr))
        }
        _ => Default::default(),
    }
}

/// `ffmpeg version 5.1.9-0+deb12u1 Copyright (c) …` → `5.1.9-0+deb12u1`.
fn version(text: &str) -> String {
    let word = text.strip_prefix("ffmpeg version ").and_then(|rest| rest.split_whitespace().next());
    word.unwrap_or("unknown").chars().take(LONGEST_WORD).collect()
}

/// Of what ffmpeg lists of its encoders, in software and hardware, those of pictures that players take, whether or not
/// they work here: lines such as ` V....D h264_vaapi  H.264/AVC (VAAPI) (codec h264)`, of which the codec is left out
/// where it is called as the encoder.
pub fn encoders(list: &str) -> Vec<String> {
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        let (flags, name) = (words.next()?, words.next()?);
        let codec =
            line.rsplit_once("(codec ").map_or(name, |(_, rest)| rest.trim_end().trim_end_matches(')'));
        (flags.len() == 6 && flags.starts_with('V') && CODECS.contains(&codec)).then(|| name.to_owned())
    };
    list.lines().filter_map(named).filter(|name| name.len() <= LONGEST_WORD).take(MOST_ENCODERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_one_word() {
        assert_eq!(
            version("ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026\nbuilt with"),
            "5.1.9-0+deb12u1"
        );
        assert_eq!(version(""), "unknown");
    }

    #[test]
    fn encoders_are_told_by_their_codec_in_software_and_hardware() {
        let list = " ------\n V....D libx264              libx264 H.264 / AVC (codec h264)\n\
            \x20V....D h264_vaapi           H.264/AVC (VAAPI) (codec h264)\n\
            \x20V..... hevc_nvenc           NVIDIA NVENC hevc encoder (codec hevc)\n\
            \x20V....D libsvtav1            SVT-AV1 (codec av1)\n\
            \x20V....D mpeg4                MPEG-4 part 2\n\
            \x20A....D aac                  AAC (Advanced Audio Coding)\n\
            \x20V..... = Video\n";
        assert_eq!(encoders(list), ["libx264", "h264_vaapi", "hevc_nvenc", "libsvtav1"]);
        assert_eq!(extras(&encoders(list)), [JobKind::EncodeAv1], "HEVC is encoded by libx265 alone");
        assert_eq!(extras(&[]), []);
    }
}

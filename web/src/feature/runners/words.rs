//! What is said of runners.

use super::api::{JobKind, Runner, RunnerState};
use crate::ui::count;

/// How a runner stands, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ready,
    Working,
    Quiet,
    Trouble,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Ready => "runner-status ready",
            Self::Working => "runner-status working",
            Self::Quiet => "runner-status",
            Self::Trouble => "runner-status worrying",
        }
    }
}

/// How a runner stands, in a word or two.
pub fn status(runner: &Runner) -> (Tone, &'static str) {
    let is_working = !runner.current_jobs.is_empty();
    match runner.state {
        RunnerState::Revoked => (Tone::Quiet, "Revoked"),
        RunnerState::Disabled => (Tone::Quiet, "Disabled"),
        _ if runner.last_seen_at.is_none() => (Tone::Quiet, "Not started yet"),
        _ if !runner.online => (Tone::Trouble, "Away"),
        RunnerState::Draining if is_working => (Tone::Working, "Draining"),
        RunnerState::Draining => (Tone::Quiet, "Drained"),
        RunnerState::Active if is_working => (Tone::Working, "Working"),
        RunnerState::Active => (Tone::Ready, "Ready"),
    }
}

/// What an administrator can tell a runner: the state that it gets, what the button is called, and what is said
/// when it is done.
pub fn choices(state: RunnerState) -> &'static [(RunnerState, &'static str, &'static str)] {
    const DRAIN: (RunnerState, &str, &str) =
        (RunnerState::Draining, "Drain", "finishes what it has and gets no more");
    const RESUME: (RunnerState, &str, &str) = (RunnerState::Active, "Resume", "gets jobs again");
    const DISABLE: (RunnerState, &str, &str) =
        (RunnerState::Disabled, "Disable", "gets nothing; its jobs go to others");
    match state {
        RunnerState::Active => &[DRAIN, DISABLE],
        RunnerState::Draining => &[RESUME, DISABLE],
        RunnerState::Disabled => &[RESUME],
        RunnerState::Revoked => &[],
    }
}

/// What a job does, before the name of its video. People count chunks from one.
pub fn job_words(kind: JobKind, chunk: Option<i32>) -> String {
    match (kind, chunk) {
        (JobKind::CopyChunk, Some(chunk)) => format!("Copies part {}", chunk + 1),
        (JobKind::EncodeChunk, Some(chunk)) => format!("Encodes part {}", chunk + 1),
        (JobKind::CopyChunk, None) => "Copies a part".to_owned(),
        (JobKind::EncodeChunk, None) => "Encodes a part".to_owned(),
        (JobKind::ProcessVideo, _) => "Looks at the file".to_owned(),
        (JobKind::EncodeAudio, _) => "Encodes the sound".to_owned(),
        (JobKind::MakePoster, _) => "Makes the poster".to_owned(),
        (JobKind::MakePreviews, _) => "Makes the previews".to_owned(),
        (JobKind::ReadTracks, _) => "Reads captions and chapters".to_owned(),
        (JobKind::MakeDownload, _) => "Makes a file to download".to_owned(),
        (JobKind::EncodeHevc, Some(chunk)) => format!("Encodes part {} in HEVC", chunk + 1),
        (JobKind::EncodeAv1, Some(chunk)) => format!("Encodes part {} in AV1", chunk + 1),
        (JobKind::RekeyChunk, Some(chunk)) => format!("Writes part {} anew for its protection", chunk + 1),
        (JobKind::RekeyChunk, None) => "Writes a part anew for its protection".to_owned(),
        (JobKind::EncodeHevc, None) => "Encodes a part in HEVC".to_owned(),
        (JobKind::EncodeAv1, None) => "Encodes a part in AV1".to_owned(),
    }
}

/// `3.2× real time`, of milliseconds of video a second.
pub fn speed(ms_a_second: Option<f64>) -> String {
    match ms_a_second {
        None => "–".to_owned(),
        Some(speed) if speed < 9_950.0 => format!("{:.1}×", speed / 1_000.0),
        Some(speed) => format!("{}×", count((speed / 1_000.0).round() as i64)),
    }
}

/// ffmpeg's names of ways to encode in hardware, behind the codec.
const HARDWARE: [(&str, &str); 6] = [
    ("_vaapi", "VAAPI"),
    ("_nvenc", "NVENC"),
    ("_qsv", "Quick Sync"),
    ("_videotoolbox", "VideoToolbox"),
    ("_amf", "AMF"),
    ("_v4l2m2m", "V4L2"),
];

/// Encoders in software as ffmpeg names them, and the ways to encode in hardware, each once.
pub fn encoders(names: &[String]) -> (Vec<String>, Vec<&'static str>) {
    let way = |name: &String| HARDWARE.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, way)| *way);
    let software = names.iter().filter(|name| way(name).is_none()).cloned().collect();
    let mut hardware: Vec<&str> = names.iter().filter_map(way).collect();
    hardware.sort_unstable();
    hardware.dedup();
    (software, hardware)
}

/// What to run on the machine.
pub fn command(origin: &str, token: &str) -> String {
    format!("kinora runner --server {origin} --token {token}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::DateTime, feature::runners::api::RunnerJob};

    fn runner(state: RunnerState, online: bool, jobs: usize) -> Runner {
        let job = RunnerJob {
            kind: JobKind::MakePoster,
            chunk: None,
            percent: 0.0,
            video_id: "x".into(),
            video_title: None,
        };
        Runner {
            id: "x".into(),
            name: "attic".to_owned(),
            state,
            online,
            last_seen_at: Some(DateTime("2026-11-21T12:00:00Z".to_owned())),
            capabilities: None,
            current_jobs: vec![job; jobs],
            done_lately: 0,
            failed_lately: 0,
            lost_lately: 0,
            speed: None,
        }
    }

    #[test]
    fn a_runner_stands_as_it_was_told_and_as_it_is() {
        let said = |state, online, jobs| status(&runner(state, online, jobs)).1;
        assert_eq!(said(RunnerState::Active, true, 1), "Working");
        assert_eq!(said(RunnerState::Active, true, 0), "Ready");
        assert_eq!(said(RunnerState::Active, false, 1), "Away");
        assert_eq!(said(RunnerState::Draining, true, 1), "Draining");
        assert_eq!(said(RunnerState::Draining, true, 0), "Drained");
        assert_eq!(said(RunnerState::Disabled, true, 0), "Disabled");
        assert_eq!(said(RunnerState::Revoked, false, 0), "Revoked");
        let never = Runner { last_seen_at: None, ..runner(RunnerState::Active, false, 0) };
        assert_eq!(status(&never), (Tone::Quiet, "Not started yet"));
    }

    #[test]
    fn nothing_is_offered_that_changes_nothing() {
        for state in [RunnerState::Active, RunnerState::Draining, RunnerState::Disabled, RunnerState::Revoked]
        {
            assert!(choices(state).iter().all(|(to, _, _)| *to != state && *to != RunnerState::Revoked));
        }
    }

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!(job_words(JobKind::EncodeChunk, Some(0)), "Encodes part 1");
        assert_eq!(job_words(JobKind::EncodeAudio, None), "Encodes the sound");
    }

    #[test]
    fn speed_is_beside_real_time() {
        assert_eq!(speed(None), "–");
        assert_eq!(speed(Some(850.0)), "0.8×");
        assert_eq!(speed(Some(3_240.0)), "3.2×");
        assert_eq!(speed(Some(41_700.0)), "42×");
    }

    #[test]
    fn hardware_is_told_by_its_way() {
        let names = ["libx264", "h264_vaapi", "hevc_vaapi", "h264_nvenc"].map(str::to_owned);
        assert_eq!(encoders(&names), (vec!["libx264".to_owned()], vec!["NVENC", "VAAPI"]));
    }
}

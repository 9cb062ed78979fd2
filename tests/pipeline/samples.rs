//! Real files of every kind, where the machine has them: `KINORA_SAMPLES`, or `../shared/samples` beside the checkout.

use std::path::PathBuf;

use kinora_tests::app::TestApp;
use kinora_tests::skipped;

use crate::published::{PATIENCE, fetch};

/// What is no video, and why.
const REFUSED: [(&str, &[&str]); 6] = [
    ("audio-only", &["MEDIA_NO_VIDEO", "MEDIA_UNSUPPORTED_CONTAINER"]),
    ("broken-no-moov", &["MEDIA_TRUNCATED"]),
    ("broken-truncated-after-moov", &["MEDIA_NO_VIDEO", "MEDIA_TRUNCATED"]),
    ("broken-vp9-bitstream", &["MEDIA_CORRUPT"]),
    ("captions", &["MEDIA_UNSUPPORTED_CONTAINER"]),
    ("instaloader", &["MEDIA_UNSUPPORTED_CONTAINER"]),
];

/// What is in some of them besides pictures and sound: languages of captions, and how many chapters.
const TEXTS: [(&str, &[&str], usize); 3] = [
    ("mkv-h264-ac3-srt-subs", &["en"], 0),
    ("multitrack-2video-2audio-2subs", &["en"], 0),
    ("chapters-h264-aac", &[], 3),
];

fn samples() -> Vec<PathBuf> {
    let folder = std::env::var_os("KINORA_SAMPLES")
        .map_or_else(|| kinora_tests::repository().join("../shared/samples"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        skipped(&format!("there is no {}", folder.display()));
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        if !file.is_file() {
            return false;
        }
        let name = file.file_name().unwrap().to_string_lossy();
        !["INDEX.tsv", "README.md"].contains(&&*name) && !name.ends_with(".info.json")
    });
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_ready_or_fails_for_the_right_reason() {
    // What each rung looks like is tested where the runner is; here, that each sample gets through the whole site.
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.retain(|rung| rung.short_side == 360);
    })
    .await;
    let ann = app.person("ann").await;
    let mut waiting = Vec::new();
    for file in samples() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let video = ann.upload(&name, "application/octet-stream", &std::fs::read(&file).unwrap()).await;
        waiting.push((name, video));
    }
    let mut wrong = Vec::new();
    for (name, video) in waiting {
        let outcome = ann.outcome(&video, PATIENCE).await;
        let refused = REFUSED.iter().find(|(prefix, _)| name.starts_with(prefix));
        let right = match refused {
            Some((_, codes)) => outcome["failure"]["code"].as_str().is_some_and(|code| codes.contains(&code)),
            None => outcome["state"] == "READY",
        };
        if !right {
            wrong.push(format!("{name}: {} {}", outcome["state"], outcome["failure"]));
        } else if refused.is_none() {
            if let Some((_, languages, chapters)) = TEXTS.iter().find(|(prefix, ..)| name.starts_with(prefix))
            {
                let found = outcome["captions"].as_array().unwrap();
                let found: Vec<&str> =
                    found.iter().map(|track| track["language"].as_str().unwrap()).collect();
                assert_eq!(found, *languages, "{name}");
                assert_eq!(outcome["chapters"].as_array().unwrap().len(), *chapters, "{name}");
            }
            // Every byte that the playlists name is there.
            assert!(!fetch(&ann.client, outcome).await.pictures.is_empty(), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

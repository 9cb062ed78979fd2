//! ffmpeg and the walls around it.

use std::path::Path;

use kinora_runner::{
    Tools, capabilities,
    hardware::{Tried, try_all},
    sandbox::Sandbox,
};
use tokio::process::Command;

use super::Finding;
use crate::ladder::Rung;

/// What processing cannot do without.
const ENCODERS: [&str; 2] = ["libx264", "aac"];
/// Decoders of what people upload most.
const DECODERS: [&str; 6] = ["h264", "hevc", "vp9", "av1", "aac", "opus"];
const INSTALL: &str = "Install ffmpeg 5.1 or newer: `apt-get install ffmpeg`, or `brew install ffmpeg`.";

/// Looks at the programs that process videos, by this ladder.
pub async fn check(ladder: &[Rung]) -> Vec<Finding> {
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(error) => return vec![Finding::bad("ffmpeg is installed", error.to_string(), INSTALL)],
    };
    let version = output(&tools.ffmpeg, "-version").await;
    let first = version.lines().next().unwrap_or_default().to_owned();
    let mut findings = vec![if first.starts_with("ffmpeg version") {
        Finding::good("ffmpeg is installed", first)
    } else {
        Finding::bad("ffmpeg is installed", format!("{} does not run", tools.ffmpeg.display()), INSTALL)
    }];
    let listed = output(&tools.ffmpeg, "-encoders").await;
    let encoders = missing(&listed, &ENCODERS);
    findings.push(if encoders.is_empty() {
        Finding::good("ffmpeg encodes H.264 and AAC", ENCODERS.join(", "))
    } else {
        let seen = format!("{} missing", encoders.join(", "));
        Finding::bad("ffmpeg encodes H.264 and AAC", seen, "Install an ffmpeg that was built with them.")
    });
    findings.extend(extras(&listed, ladder));
    let decoders = missing(&output(&tools.ffmpeg, "-decoders").await, &DECODERS);
    findings.push(if decoders.is_empty() {
        Finding::good("ffmpeg decodes what people upload", DECODERS.join(", "))
    } else {
        let seen = format!("{} missing", decoders.join(", "));
        Finding::weak("ffmpeg decodes what people upload", seen, "Uploads of that kind will fail.")
    });
    findings.push(hardware_finding(&try_all(&tools.ffmpeg, &capabilities::encoders(&listed)).await));
    let layers = Sandbox::detect(&tools.ffmpeg).await.layers();
    let walled = layers.iter().any(|layer| matches!(*layer, "bubblewrap" | "Landlock"));
    let what = "ffmpeg runs behind walls";
    findings.push(if walled {
        Finding::good(what, layers.join(", "))
    } else {
        let mend = "Install bubblewrap, or run a Linux kernel with Landlock: ffmpeg could read other files, and runners refuse.";
        Finding::weak(what, layers.join(", "), mend)
    });
    findings
}

/// Whether this machine could make the other codecs that are wanted, if any are.
fn extras(listed: &str, ladder: &[Rung]) -> Option<Finding> {
    let mut wanted: Vec<&str> = ladder.iter().filter_map(|rung| rung.codec.extra_encoder()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return None;
    }
    let what = "ffmpeg encodes the other codecs of KINORA_LADDER";
    let missing = missing(listed, &wanted);
    Some(if missing.is_empty() {
        Finding::good(what, wanted.join(", "))
    } else {
        let mend = "Videos are ready without them, until a runner comes that can. Install an ffmpeg that was built with them.";
        Finding::weak(what, format!("{} missing", missing.join(", ")), mend)
    })
}

/// Which of the machine's own encoders work. None has to: jobs use none.
fn hardware_finding(tried: &[Tried]) -> Finding {
    let told = tried.iter().map(|Tried { encoder, outcome }| format!("{encoder} {outcome}"));
    let told: Vec<String> = told.collect();
    let seen = if told.is_empty() { "ffmpeg lists none".to_owned() } else { told.join("; ") };
    Finding::good("hardware encoders were tried; jobs use none", seen)
}

async fn output(program: &Path, argument: &str) -> String {
    match Command::new(program).args(["-hide_banner", argument]).kill_on_drop(true).output().await {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(_) => String::new(),
    }
}

/// Those whose name is not the second word of any line (` V....D h264   H.264 / AVC …`).
fn missing<'a>(list: &str, wanted: &[&'a str]) -> Vec<&'a str> {
    let has = |name: &str| list.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
    wanted.iter().copied().filter(|name| !has(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doctor::Outcome, ladder::VideoCodec};

    #[test]
    fn a_codec_is_found_by_its_whole_name() {
        let list = " V....D h264                 H.264\n A....D aac_fixed   AAC\n";
        assert_eq!(missing(list, &["h264", "aac", "h26"]), ["aac", "h26"]);
    }

    #[test]
    fn other_codecs_are_looked_for_where_they_are_wanted() {
        let list = " V....D libx264              H.264\n V....D libx265              H.265\n";
        let outcome = |codecs: &[VideoCodec]| {
            let rungs = codecs.iter().map(|&codec| Rung { codec, ..Rung::new(720, 1_000_000) });
            extras(list, &rungs.collect::<Vec<_>>()).map(|finding| finding.outcome)
        };
        assert_eq!(outcome(&[VideoCodec::H264]), None);
        assert_eq!(outcome(&[VideoCodec::H264, VideoCodec::Hevc]), Some(Outcome::Good("libx265".to_owned())));
        let weak = outcome(&[VideoCodec::Hevc, VideoCodec::Av1, VideoCodec::Av1]);
        assert!(matches!(weak, Some(Outcome::Weak { seen, .. }) if seen == "libsvtav1 missing"));
    }
}

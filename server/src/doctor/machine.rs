//! ffmpeg and the walls around it.

use std::path::Path;

use kinora_runner::{Tools, sandbox::Sandbox};
use tokio::process::Command;

use super::Finding;

/// What processing cannot do without.
const ENCODERS: [&str; 2] = ["libx264", "aac"];
/// Decoders of what people upload most.
const DECODERS: [&str; 6] = ["h264", "hevc", "vp9", "av1", "aac", "opus"];
const INSTALL: &str = "Install ffmpeg 5.1 or newer: `apt-get install ffmpeg`, or `brew install ffmpeg`.";

/// Looks at the programs that process videos.
pub async fn check() -> Vec<Finding> {
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
    let encoders = missing(&output(&tools.ffmpeg, "-encoders").await, &ENCODERS);
    findings.push(if encoders.is_empty() {
        Finding::good("ffmpeg encodes H.264 and AAC", ENCODERS.join(", "))
    } else {
        let seen = format!("{} missing", encoders.join(", "));
        Finding::bad("ffmpeg encodes H.264 and AAC", seen, "Install an ffmpeg that was built with them.")
    });
    let decoders = missing(&output(&tools.ffmpeg, "-decoders").await, &DECODERS);
    findings.push(if decoders.is_empty() {
        Finding::good("ffmpeg decodes what people upload", DECODERS.join(", "))
    } else {
        let seen = format!("{} missing", decoders.join(", "));
        Finding::weak("ffmpeg decodes what people upload", seen, "Uploads of that kind will fail.")
    });
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

    #[test]
    fn a_codec_is_found_by_its_whole_name() {
        let list = " V....D h264                 H.264\n A....D aac_fixed   AAC\n";
        assert_eq!(missing(list, &["h264", "aac", "h26"]), ["aac", "h26"]);
    }
}

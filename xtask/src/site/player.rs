//! hls.js, from its source and without the parts that this site has no use for: 47 kB less for every first visit
//! than the prepared bundle.

use super::node::Node;

/// The parts that stay: sound comes as a rendition of its own.
const USED: [&str; 1] = ["ALT_AUDIO"];
/// The parts that go. Each is a switch of hls.js's own build (`src/define-plugin.d.ts`).
const UNUSED: [&str; 9] = [
    "CMCD",
    "CONTENT_STEERING",
    "EME_DRM",
    "IFRAMES",
    "INTERSTITIALS",
    "M2TS_ADVANCED_CODECS",
    "MEDIA_CAPABILITIES",
    "SUBTITLES",
    "VARIABLE_SUBSTITUTION",
];

/// What the bundler needs to take hls.js from its source.
pub fn bundler_options(node: &Node) -> Vec<String> {
    let package = node.packages.join("hls.js");
    let define = |name: &str, used: bool| format!("--define:__USE_{name}__={used}");
    let mut options = vec![
        format!("--alias:hls.js={}", package.join("src/hls.ts").display()),
        "--define:__IN_WORKER__=false".to_owned(),
        format!("--define:__VERSION__={:?}", version(&package)),
        // As hls.js itself is compiled: a field that is only declared does not reset what a parent class set.
        r#"--tsconfig-raw={"compilerOptions":{"useDefineForClassFields":false}}"#.to_owned(),
    ];
    options.extend(USED.map(|name| define(name, true)));
    options.extend(UNUSED.map(|name| define(name, false)));
    options
}

/// The version that is installed; shown in the player's statistics only.
fn version(package: &std::path::Path) -> String {
    std::fs::read_to_string(package.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|package| Some(package.get("version")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

//! Hardware encoders. That ffmpeg lists one says that it was built with it; whether this machine has what it takes is
//! known when it has encoded some frames.

use std::{env::consts, fmt, path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::ffmpeg::args;

/// A device that hangs is as good as none.
const DEADLINE: Duration = Duration::from_secs(20);
/// Of what ffmpeg says last.
const LONGEST_REASON: usize = 200;

/// A listed encoder, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// As ffmpeg names it.
    pub encoder: String,
    pub outcome: Outcome,
}

/// What became of an encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Works,
    /// There is no such device, so it was not tried.
    Absent(&'static str),
    /// With what ffmpeg said.
    Fails(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Works => formatter.write_str("works"),
            Self::Absent(device) => write!(formatter, "has no {device}"),
            Self::Fails(why) => write!(formatter, "fails: {why}"),
        }
    }
}

/// Tries each of these that needs hardware, one after the other, on frames that ffmpeg draws itself. Where there is no
/// device for it, nothing is started.
pub async fn try_all(ffmpeg: &Path, encoders: &[String]) -> Vec<Tried> {
    let mut tried = Vec::new();
    for encoder in encoders {
        if let Some(orders) = args::trial(encoder) {
            let outcome = match missing_device(encoder) {
                Some(device) => Outcome::Absent(device),
                None => run(ffmpeg, &orders).await.map_or_else(Outcome::Fails, |()| Outcome::Works),
            };
            tried.push(Tried { encoder: encoder.clone(), outcome });
        }
    }
    tried
}

/// Without which an encoder has nothing to work with, if that is not there.
fn missing_device(encoder: &str) -> Option<&'static str> {
    if consts::OS != "linux" {
        return None;
    }
    let (_, family) = encoder.rsplit_once('_')?;
    // Any of these will do; the second is that of Linux inside of Windows.
    let devices: &[&'static str] = match family {
        "vaapi" | "qsv" => &[args::RENDER_NODE],
        "nvenc" => &["/dev/nvidiactl", "/dev/dxg"],
        "v4l2m2m" => &["/dev/video10", "/dev/video11", "/dev/video0"],
        "omx" => &["/opt/vc/lib/libopenmaxil.so"],
        _ => return None,
    };
    let is_there = devices.iter().any(|device| Path::new(device).exists());
    devices.first().copied().filter(|_| !is_there)
}

/// Nothing that a stranger has sent is read, so no walls stand between ffmpeg and the devices.
async fn run(ffmpeg: &Path, orders: &[String]) -> Result<(), String> {
    let mut command = Command::new(ffmpeg);
    command.args(orders).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(DEADLINE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(reason(&String::from_utf8_lossy(&output.stderr))),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("nothing came in {} s", DEADLINE.as_secs())),
    }
}

/// The first line: what comes behind it follows from it.
fn reason(said: &str) -> String {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("ffmpeg said nothing");
    line.chars().filter(|character| !character.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test fails by panicking.
mod tests {
    use super::*;
    use crate::Tools;

    #[test]
    fn what_needs_hardware_is_known_by_its_name() {
        for name in ["h264_vaapi", "hevc_nvenc", "av1_qsv", "h264_videotoolbox", "h264_v4l2m2m"] {
            assert!(args::trial(name).is_some(), "{name}");
        }
        for name in ["libx264", "libx265", "libsvtav1", "h264"] {
            assert!(args::trial(name).is_none(), "{name}");
        }
    }

    #[tokio::test]
    async fn one_that_fails_says_why_and_software_is_not_tried() {
        let ffmpeg = Tools::find().unwrap().ffmpeg;
        // Whatever devices this machine has, it has no such encoder.
        let orders = args::trial("h264_nowhere_nvenc").unwrap();
        let failure = run(&ffmpeg, &orders).await.unwrap_err();
        assert!(failure.contains("h264_nowhere_nvenc"), "{failure}");
        let tried = try_all(&ffmpeg, &["libx264", "h264_nowhere_nvenc"].map(str::to_owned)).await;
        assert_eq!((tried.len(), tried[0].encoder.as_str()), (1, "h264_nowhere_nvenc"));
        assert_ne!(tried[0].outcome, Outcome::Works);
    }

    #[tokio::test]
    async fn the_orders_make_pictures() {
        // What would be the machine's encoder is ffmpeg's own here.
        let orders: Vec<String> = args::trial("h264_nvenc").unwrap();
        let own =
            orders.into_iter().map(|word| if word == "h264_nvenc" { "libx264".to_owned() } else { word });
        run(&Tools::find().unwrap().ffmpeg, &own.collect::<Vec<_>>()).await.unwrap();
    }
}

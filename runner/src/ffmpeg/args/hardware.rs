//! The command line that tries an encoder of the machine's.

use super::Args;

/// Which of a machine's graphics processors is tried for VAAPI: the first.
pub const RENDER_NODE: &str = "/dev/dri/renderD128";
/// So many frames show that pictures come out, and not only that a device opens.
const TRIED_FRAMES: &str = "20";

/// ffmpeg's orders to encode some frames that it draws itself and to make nothing of them. Nothing for an encoder that
/// needs no hardware.
pub fn trial(encoder: &str) -> Option<Vec<String>> {
    let (_, family) = encoder.rsplit_once('_')?;
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error"]);
    let pixels = match family {
        "vaapi" => {
            args.add(&["-vaapi_device", RENDER_NODE]);
            "format=nv12,hwupload"
        }
        "qsv" | "amf" | "mf" => "format=nv12",
        "nvenc" | "videotoolbox" | "v4l2m2m" | "omx" => "format=yuv420p",
        _ => return None,
    };
    args.add(&["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-frames:v", TRIED_FRAMES]);
    args.add(&["-vf", pixels, "-c:v", encoder, "-b:v", "1000000", "-f", "null", "-"]);
    Some(args.0)
}

//! Command lines: pure functions of what is made. Files are named by us, relative to the job's folder.

use super::{Kind, RATE, Shape, picture::PictureFormat};
use crate::{
    ffmpeg::{codecs, probe::MAX_PIXELS},
    workdir::SOURCE,
};

/// One item, in the shape of all.
pub const SEGMENT: &str = "out/segment.ts";
/// One picture, for itself.
pub const STILL: &str = "out/still.jpg";
/// All items.
pub const JOINED: &str = "out/slides.mp4";

const MAX_ALLOC_BYTES: u64 = 1 << 30;
const MAX_STREAMS: u32 = 32;
const AUDIO_RATE: u32 = 48_000;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn picture_input(format: PictureFormat) -> Vec<String> {
    let (demuxer, decoder) = (format.demuxer(), format.decoder());
    words(&format!(
        "-protocol_whitelist file -format_whitelist {demuxer} -codec_whitelist {decoder} -max_pixels {MAX_PIXELS} \
         -framerate {RATE} -f {demuxer} -i file:{SOURCE}"
    ))
}

/// ffprobe's question for the size of a picture.
pub fn look(format: PictureFormat) -> Vec<String> {
    let mut args = words("-v error -of json=compact=1 -show_entries stream=width,height");
    args.extend(picture_input(format));
    args
}

/// ffmpeg's orders for one item: a picture for `length` frames, or a clip as long as it is. The segment's
/// clock begins after `before` frames, so that segments need only be laid end to end.
pub fn segment(kind: &Kind, shape: Shape, length: u32, before: u64) -> Vec<String> {
    let Shape { width, height, has_sound } = shape;
    let mut args = words(&format!(
        "-hide_banner -nostdin -nostats -y -v error -progress pipe:1 -stats_period 0.5 -max_alloc {MAX_ALLOC_BYTES}"
    ));
    // Whole pictures, never cut off, on one size of canvas in ordinary colours.
    let canvas = format!(
        "scale={width}:{height}:force_original_aspect_ratio=decrease:flags=bicubic:out_color_matrix=bt709:out_range=tv,\
         pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    );
    let silence = format!("anullsrc=r={AUDIO_RATE}:cl=stereo");
    let (pictures, sound) = match kind {
        Kind::Picture(format) => {
            args.extend(picture_input(*format));
            let repeats = length.saturating_sub(1);
            let seconds = f64::from(length) / f64::from(RATE);
            // A file may hold more pictures than one; the first is decoded once and then repeated.
            let pictures = format!(
                "[0:v:0]trim=end_frame=1,{canvas},loop=loop={repeats}:size=1:start=0,setpts=N/({RATE}*TB)[v]"
            );
            (pictures, format!("{silence},atrim=duration={seconds:.4}[a]"))
        }
        Kind::Clip { video_index, audio_index, duration } => {
            let seconds = duration.as_secs_f64();
            args.extend(words(&format!(
                "-t {seconds:.3} -protocol_whitelist file -format_whitelist {} -codec_whitelist {} \
                 -max_streams {MAX_STREAMS} -max_pixels {MAX_PIXELS} -i file:{SOURCE}",
                codecs::CONTAINERS,
                codecs::decoder_whitelist()
            )));
            let pictures = format!("[0:{video_index}]fps={RATE}:start_time=0,{canvas}[v]");
            // Exactly as long as the clip, so that what follows is heard where it is seen.
            let sound = match audio_index {
                Some(index) => format!(
                    "[0:{index}]aresample={AUDIO_RATE}:async=1:first_pts=0,aformat=channel_layouts=stereo,\
                     apad=whole_dur={seconds:.4},atrim=duration={seconds:.4}[a]"
                ),
                None => format!("{silence},atrim=duration={seconds:.4}[a]"),
            };
            (pictures, sound)
        }
    };
    let graph = if has_sound { format!("{pictures};{sound}") } else { pictures };
    args.extend(["-filter_complex".to_owned(), graph]);
    args.extend(words(
        // Without reordered frames a segment begins exactly where the one before it ends.
        "-map [v] -c:v libx264 -preset veryfast -profile:v high -crf 18 -pix_fmt yuv420p -bf 0",
    ));
    args.extend(words(&format!("-r {RATE} -g {RATE}")));
    if has_sound {
        // MPEG audio begins without the run-in that AAC has, which would be heard at every joint.
        args.extend(words("-map [a] -c:a mp2 -b:a 320k -ac 2"));
    }
    let offset = before as f64 / f64::from(RATE);
    args.extend(words(&format!(
        "-sn -dn -map_metadata -1 -map_chapters -1 -muxdelay 0 -muxpreload 0 -output_ts_offset {offset:.6} \
         -f mpegts file:{SEGMENT}"
    )));
    args
}

/// ffmpeg's orders for one picture as a JPEG of at most `longest_side` pixels.
pub fn still(format: PictureFormat, longest_side: u32) -> Vec<String> {
    let mut args = words(&format!("-hide_banner -nostdin -nostats -y -v error -max_alloc {MAX_ALLOC_BYTES}"));
    args.extend(picture_input(format));
    args.extend(words(&format!(
        "-map 0:v:0 -filter:v \
         scale=w='min({longest_side},iw)':h='min({longest_side},ih)':force_original_aspect_ratio=decrease,format=yuvj420p \
         -frames:v 1 -c:v mjpeg -q:v 4 -map_metadata -1 -f image2 -update 1 file:{STILL}"
    )));
    args
}

/// ffmpeg's orders for the whole: the pictures as they are, the sound in the form that players take.
pub fn join(shape: Shape) -> Vec<String> {
    let mut args = words(&format!(
        "-hide_banner -nostdin -nostats -y -v error -progress pipe:1 -max_alloc {MAX_ALLOC_BYTES} \
         -protocol_whitelist file -format_whitelist mpegts -codec_whitelist h264,mp2,mp2float -f mpegts \
         -i file:{SOURCE} -map 0:v:0 -c:v copy"
    ));
    if shape.has_sound {
        args.extend(words("-map 0:a:0 -c:a aac -b:a 192k -af aresample=async=1:first_pts=0"));
    }
    args.extend(words(&format!(
        "-sn -dn -map_metadata -1 -map_chapters -1 -movflags +faststart -f mp4 file:{JOINED}"
    )));
    args
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SHAPE: Shape = Shape { width: 1080, height: 1350, has_sound: false };

    #[test]
    fn a_picture_is_opened_by_one_decoder_and_repeated() {
        let line = segment(&Kind::Picture(PictureFormat::Jpeg), SHAPE, 120, 240).join(" ");
        assert_eq!(
            line,
            "-hide_banner -nostdin -nostats -y -v error -progress pipe:1 -stats_period 0.5 -max_alloc 1073741824 \
             -protocol_whitelist file -format_whitelist jpeg_pipe -codec_whitelist mjpeg -max_pixels 35389440 \
             -framerate 30 -f jpeg_pipe -i file:source -filter_complex \
             [0:v:0]trim=end_frame=1,scale=1080:1350:force_original_aspect_ratio=decrease:flags=bicubic:\
             out_color_matrix=bt709:out_range=tv,pad=1080:1350:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p,\
             loop=loop=119:size=1:start=0,setpts=N/(30*TB)[v] \
             -map [v] -c:v libx264 -preset veryfast -profile:v high -crf 18 -pix_fmt yuv420p -bf 0 -r 30 -g 30 \
             -sn -dn -map_metadata -1 -map_chapters -1 -muxdelay 0 -muxpreload 0 -output_ts_offset 8.000000 \
             -f mpegts file:out/segment.ts"
        );
    }

    #[test]
    fn a_silent_clip_among_others_gets_silence() {
        let shape = Shape { has_sound: true, ..SHAPE };
        let duration = Duration::from_secs(2);
        let kind = Kind::Clip { video_index: 0, audio_index: None, duration };
        let line = segment(&kind, shape, 120, 0).join(" ");
        assert!(line.contains("anullsrc=r=48000:cl=stereo,atrim=duration=2.0000[a]"), "{line}");
        assert!(line.contains("-format_whitelist mov,matroska"), "{line}");
    }
}

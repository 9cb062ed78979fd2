//! The command lines of what shows a video before it is played, and of listening to it.

use kinora_runner::ffmpeg::{
    args,
    frame_rate::FrameRate,
    plan::Plan,
    previews::{Frames, Layout},
};

use super::{TAGS, landscape, lines, settings};

const INPUT: &str = "\
-protocol_whitelist file
-format_whitelist mov,matroska,mpegts,avi,ogg,flv,asf,mpeg
-codec_whitelist DECODERS
-max_streams 32
-max_pixels 35389440
-probesize 20M
-analyzeduration 10M
-i file:source";

#[test]
fn the_storyboard_of_a_long_video_is_made_of_its_keyframes() {
    let plan = Plan::new(&landscape(), &settings());
    let layout = Layout::new(3_600_000, (1920, 1080));
    assert_eq!(
        lines(&args::storyboard(&plan, &layout, Frames::Key)),
        format!(
            "\
-hide_banner
-nostdin
-nostats
-y
-v error
-threads 1
-max_alloc 1073741824
-noautorotate
-discard:v nokey
-skip_frame:v nokey
-t 43202.000
{INPUT}
-map 0:0
-filter:v fps=1000/5000:start_time=0,tpad=stop_mode=clone:stop=720,trim=end_frame=720,\
scale=160:90:flags=bicubic,format=yuv420p,setsar=1,signalstats,metadata=mode=print:file=-,tile=10x10,\
scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc
-fps_mode passthrough
-frames:v 8
-c:v mjpeg
-pix_fmt yuvj420p
-q:v 5
-sn
-dn
-map_metadata -1
-map_chapters -1
-f image2
-start_number 0
file:out/storyboard-%d.jpg"
        )
    );
    let all = lines(&args::storyboard(&plan, &layout, Frames::All));
    assert!(!all.contains("nokey"), "{all}");
}

#[test]
fn the_loop_is_small_and_silent() {
    let mut source = landscape();
    source.video.rate = FrameRate::new(60, 1);
    let plan = Plan::new(&source, &settings());
    assert_eq!(
        lines(&args::video_loop(&plan, (480, 270), 12.5, 3.0)),
        format!(
            "\
-hide_banner
-nostdin
-nostats
-y
-v error
-threads 1
-max_alloc 1073741824
-noautorotate
-ss 12.500
-t 3.000
{INPUT}
-map 0:0
-an
-filter:v fps=60/2,scale=480:270:flags=bicubic,format=yuv420p,{TAGS}
-c:v libx264
-preset veryfast
-profile:v high
-pix_fmt yuv420p
-crf 26
-maxrate 1000000
-bufsize 500000
-sn
-dn
-map_metadata -1
-map_chapters -1
-movflags +faststart
-f mp4
file:out/loop.mp4"
        )
    );
}

#[test]
fn sound_that_is_passed_on_is_only_listened_to() {
    let plan = Plan::new(&landscape(), &settings());
    let audio = plan.audio.as_ref().unwrap();
    assert_eq!(
        lines(&args::loudness(&plan, audio)),
        format!(
            "\
-hide_banner
-nostdin
-nostats
-y
-v info
-max_alloc 1073741824
-t 43202.000
{INPUT}
-map 0:1
-af aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo,ebur128=peak=true:dualmono=true:framelog=verbose
-sn
-dn
-map_metadata -1
-map_chapters -1
-f null
-"
        )
    );
}

//! The whole command line for each class of source. A change here is a change of what every video looks like.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test fails by panicking and speaks to its reader.

mod codecs_beside;
mod previews;

use std::time::Duration;

use kinora_runner::ffmpeg::{
    args::{self, Contents},
    codecs,
    colour::{Colour, Matrix, Transfer},
    filters::PosterFrames,
    frame_rate::FrameRate,
    ladder::Rung,
    orientation::Orientation,
    plan::{Plan, Settings},
    source::{AudioStream, Container, Source, VideoStream},
};

fn settings() -> Settings {
    let rung = Rung::new;
    Settings {
        ladder: vec![rung(1080, 5_000_000), rung(720, 2_800_000)],
        audio_bitrate: 128_000,
        max_duration: Duration::from_secs(43_200),
    }
}

/// 1080p30 with stereo sound in a container without an exact index.
fn landscape() -> Source {
    Source {
        video: VideoStream {
            index: 0,
            codec: "h264".to_owned(),
            width: 1920,
            height: 1080,
            pixel_aspect: 1.0,
            pixel_format: Some("yuv420p".to_owned()),
            orientation: Orientation::Upright,
            interlaced: false,
            colour: Colour { transfer: Transfer::Sdr, matrix: Matrix::Bt709, full_range: false },
            rate: FrameRate::new(30, 1),
            rate_is_constant: true,
            track_id: Some(1),
            start_s: Some(0.0),
        },
        audio: Some(AudioStream {
            index: 1,
            codec: "aac".to_owned(),
            channels: 2,
            track_id: Some(2),
            start_s: Some(0.0),
        }),
        stated_duration: Some(Duration::from_secs(10)),
        likely_duration: Some(Duration::from_secs(10)),
        container: Container::Matroska,
        has_texts: false,
        start_s: Some(0.0),
        size_bytes: 100 << 20,
    }
}

/// The command line, one option a line, without the list of decoders.
fn lines(args: &[String]) -> String {
    let mut text = String::new();
    for arg in args {
        let is_option = arg.starts_with('-') && !arg[1..].starts_with(|first: char| first.is_ascii_digit());
        let is_output = arg.starts_with("file:out/");
        text.push_str(if text.is_empty() {
            ""
        } else if is_option || is_output {
            "\n"
        } else {
            " "
        });
        text.push_str(if *arg == codecs::decoder_whitelist() { "DECODERS" } else { arg });
    }
    text
}

/// What every run begins with, up to the graph.
const HEAD: &str = "\
-hide_banner
-nostdin
-nostats
-y
-v repeat+verbose
-progress pipe:1
-stats_period 0.5
-max_alloc 1073741824
-noautorotate
-t 43202.000
-protocol_whitelist file
-format_whitelist mov,matroska,mpegts,avi,ogg,flv,asf,mpeg
-codec_whitelist DECODERS
-max_streams 32
-max_pixels 35389440
-probesize 20M
-analyzeduration 10M
-i file:source
-filter_complex ";

/// One rendition.
fn picture(output: u32, bitrate: u32, keyframes: u32, name: &str) -> String {
    let buffer = bitrate * 2;
    let quality = if name == "121p" { 21 } else { 22 };
    format!(
        "
-map [v{output}]
-c:v libx264
-preset veryfast
-profile:v high
-pix_fmt yuv420p
-crf {quality}
-maxrate {bitrate}
-bufsize {buffer}
-g {keyframes}
-keyint_min {keyframes}
-sc_threshold 0
-flags +cgop
-video_track_timescale 90000
-sn
-dn
-map_metadata -1
-map_chapters -1
-output_ts_offset 10
-avoid_negative_ts disabled
-use_editlist 0
-movflags +empty_moov+default_base_moof+frag_keyframe+frag_discont
-f mp4
file:out/{name}.mp4"
    )
}

fn sound(index: u32, layout: &str, bitrate: u32) -> String {
    format!(
        "
-map 0:{index}
-af aresample=48000:async=1:first_pts=0,aformat=channel_layouts={layout},ebur128=peak=true:dualmono=true:framelog=verbose
-c:a aac
-b:a {bitrate}
-frag_duration 2000000
-sn
-dn
-map_metadata -1
-map_chapters -1
-output_ts_offset 10
-avoid_negative_ts disabled
-use_editlist 0
-movflags +empty_moov+default_base_moof+frag_discont
-f mp4
file:out/audio.mp4"
    )
}

#[track_caller]
fn assert_encodes(source: &Source, graph: &str, outputs: &[String]) {
    let actual = lines(&args::encode(&Plan::new(source, &settings())));
    let expected = format!("{HEAD}{graph}{}", outputs.concat());
    assert!(actual == expected, "expected:\n{expected}\n\nactual:\n{actual}");
}

const TAGS: &str = "setsar=1,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709";

#[test]
fn landscape_passes_its_pixels_on() {
    assert_encodes(
        &landscape(),
        &format!(
            "[0:0]fps=30/1:start_time=0,{TAGS},split=2[v0][s1];[s1]scale=1280:720:flags=bicubic,setsar=1[v1]"
        ),
        &[picture(0, 5_000_000, 60, "1080p"), picture(1, 2_800_000, 60, "720p"), sound(1, "stereo", 128_000)],
    );
}

#[test]
fn portrait_is_shrunk_before_it_is_turned_and_ends_where_its_index_says() {
    let mut source = landscape();
    source.video.width = 3840;
    source.video.height = 2160;
    source.video.orientation = Orientation::Clockwise;
    source.video.pixel_format = Some("yuvj420p".to_owned());
    source.video.colour = Colour { transfer: Transfer::Sdr, matrix: Matrix::Bt601, full_range: true };
    source.video.rate = FrameRate::new(60_000, 1_001);
    source.container = Container::Mov;
    source.audio =
        Some(AudioStream { index: 2, codec: "aac".to_owned(), channels: 1, track_id: None, start_s: None });
    assert_encodes(
        &source,
        &format!(
            "[0:0]fps=60000/1001:start_time=0,tpad=stop_mode=clone:stop_duration=1,trim=end=9.9917,\
             scale=1920:1080:flags=bicubic:in_color_matrix=smpte170m:in_range=pc:out_color_matrix=bt709:out_range=tv,\
             format=yuv420p,transpose=clock,{TAGS},split=2[v0][s1];[s1]scale=720:1280:flags=bicubic,setsar=1[v1]"
        ),
        &[picture(0, 5_000_000, 120, "1080p"), picture(1, 2_800_000, 120, "720p"), sound(2, "mono", 64_000)],
    );
}

#[test]
fn high_dynamic_range_is_tone_mapped_at_the_size_of_the_largest_rendition() {
    let mut source = landscape();
    source.video.pixel_format = Some("yuv420p10le".to_owned());
    source.video.width = 1280;
    source.video.height = 720;
    source.video.colour = Colour { transfer: Transfer::Hlg, matrix: Matrix::Bt2020, full_range: false };
    assert_encodes(
        &source,
        &format!(
            "[0:0]fps=30/1:start_time=0,scale=1280:720:flags=bicubic,\
             zscale=tin=arib-std-b67:min=2020_ncl:pin=2020:rin=limited:t=linear:npl=100,format=gbrpf32le,\
             zscale=p=709,tonemap=tonemap=hable:desat=0,zscale=t=709:m=709:r=limited,format=yuv420p,{TAGS}[v0]"
        ),
        &[picture(0, 2_800_000, 60, "720p"), sound(1, "stereo", 128_000)],
    );
}

#[test]
fn interlaced_and_anamorphic_becomes_progressive_with_square_pixels() {
    let mut source = landscape();
    source.video.index = 3;
    source.video.width = 1440;
    source.video.pixel_aspect = 4.0 / 3.0;
    source.video.interlaced = true;
    source.video.rate = FrameRate::new(25, 1);
    assert_encodes(
        &source,
        &format!(
            "[0:3]bwdif=mode=send_frame:parity=auto:deint=interlaced,fps=25/1:start_time=0,\
             scale=1920:1080:flags=bicubic,format=yuv420p,{TAGS},\
             split=2[v0][s1];[s1]scale=1280:720:flags=bicubic,setsar=1[v1]"
        ),
        &[picture(0, 5_000_000, 50, "1080p"), picture(1, 2_800_000, 50, "720p"), sound(1, "stereo", 128_000)],
    );
}

#[test]
fn without_sound_there_is_no_rendition_of_it() {
    let mut source = landscape();
    source.audio = None;
    source.video.width = 161;
    source.video.height = 121;
    source.size_bytes = 30_000;
    assert_encodes(
        &source,
        &format!("[0:0]fps=30/1:start_time=0,scale=160:120:flags=bicubic,format=yuv420p,{TAGS}[v0]"),
        &[picture(0, 200_000, 60, "121p")],
    );
}

#[test]
fn the_poster_is_one_picture_from_a_tenth_on() {
    let plan = Plan::new(&landscape(), &settings());
    assert_eq!(
        lines(&args::poster(&plan, 1.0, PosterFrames::Bright)),
        "\
-hide_banner
-nostdin
-nostats
-y
-v error
-max_alloc 1073741824
-noautorotate
-noaccurate_seek
-ss 1.000
-t 10
-protocol_whitelist file
-format_whitelist mov,matroska,mpegts,avi,ogg,flv,asf,mpeg
-codec_whitelist DECODERS
-max_streams 32
-max_pixels 35389440
-probesize 20M
-analyzeduration 10M
-i file:source
-map 0:0
-filter:v scale=1280:720:flags=bicubic,format=yuv420p,setsar=1,signalstats,metadata=select:key=lavfi.signalstats.YAVG:value=30:function=greater,thumbnail=24,scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc
-frames:v 1
-c:v mjpeg
-pix_fmt yuvj420p
-q:v 4
-sn
-dn
-map_metadata -1
-map_chapters -1
-f image2
-update 1
file:out/poster.jpg"
    );
}

#[test]
fn probing_reads_nothing_but_the_source() {
    for args in [args::probe_streams(), args::probe_frames(), args::probe_texts()] {
        let text = lines(&args);
        for guard in [
            "-protocol_whitelist file\n",
            "-format_whitelist mov,matroska,mpegts,avi,ogg,flv,asf,mpeg\n",
            "-codec_whitelist DECODERS\n",
            "-max_streams 32\n",
            "-max_pixels 35389440\n",
        ] {
            assert!(text.contains(guard), "{guard} is not in {text}");
        }
        assert!(text.ends_with("-i file:source"));
    }
}

#[test]
fn text_tracks_are_written_as_webvtt() {
    assert_eq!(
        lines(&args::texts(&[2, 5], Duration::from_secs(60))),
        "\
-hide_banner
-nostdin
-nostats
-y
-v error
-max_alloc 1073741824
-t 60.000
-protocol_whitelist file
-format_whitelist mov,matroska,mpegts,avi,ogg,flv,asf,mpeg
-codec_whitelist DECODERS
-max_streams 32
-max_pixels 35389440
-probesize 20M
-analyzeduration 10M
-i file:source
-map 0:2
-c:s webvtt
-map_metadata -1
-map_chapters -1
-f webvtt
file:out/text-0.vtt
-map 0:5
-c:s webvtt
-map_metadata -1
-map_chapters -1
-f webvtt
file:out/text-1.vtt"
    );
}

#[test]
fn a_file_to_download_is_joined_on_the_common_clock() {
    let line = |contents| args::download(contents).join(" ");
    let both = line(Contents::PicturesAndSound);
    let (inputs, rest) = both.split_once(" -map ").unwrap();
    assert!(inputs.starts_with("-hide_banner -nostdin -nostats -y -v error -max_alloc 1073741824 -copyts"));
    assert_eq!(inputs.matches("-protocol_whitelist file -format_whitelist ").count(), 2);
    assert!(inputs.contains("-i file:source ") && inputs.ends_with("-i file:out/sound-part.mp4"), "{inputs}");
    assert_eq!(
        rest,
        "0:v:0 -map 1:a:0 -c copy -sn -dn -map_metadata -1 -map_chapters -1 -output_ts_offset -10 \
         -movflags +faststart -f mp4 file:out/download.mp4"
    );
    assert!(line(Contents::Pictures).contains("-i file:source -map 0:v:0 -c copy"));
    let sound = line(Contents::Sound);
    assert!(sound.contains("-i file:source -map 0:a:0 -c copy") && sound.contains(" -f ipod "), "{sound}");
}

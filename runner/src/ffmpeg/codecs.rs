//! What ffmpeg may open: containers, and decoders by name. Everything else is refused before it is parsed,
//! for every decoder that strangers can reach is a risk.

/// Demuxers, as `-format_whitelist` names them.
pub const CONTAINERS: &str = "mov,matroska,mpegts,avi,ogg,flv,asf,mpeg";

/// Decoders of pictures. Several names for one codec are alternatives of different builds of ffmpeg.
const VIDEO_DECODERS: &[&str] = &[
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "libvpx",
    "libvpx-vp9",
    "libdav1d",
    "libaom-av1",
    "av1",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "prores",
    "mjpeg",
    "dnxhd",
    "dvvideo",
    "theora",
    "flv",
    "h263",
    "msmpeg4v1",
    "msmpeg4v2",
    "msmpeg4",
    "wmv1",
    "wmv2",
    "wmv3",
    "vc1",
];

/// Decoders of sound.
const AUDIO_DECODERS: &[&str] = &[
    "aac",
    "ac3",
    "eac3",
    "mp3",
    "mp3float",
    "mp2",
    "mp2float",
    "opus",
    "libopus",
    "vorbis",
    "libvorbis",
    "flac",
    "alac",
    "dca",
    "truehd",
    "wmav1",
    "wmav2",
    "wmapro",
    "amrnb",
    "amrwb",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f32be",
    "pcm_u8",
    "pcm_s8",
    "pcm_alaw",
    "pcm_mulaw",
    "pcm_bluray",
    "pcm_dvd",
    "adpcm_ms",
    "adpcm_ima_wav",
    "adpcm_ima_qt",
];

/// Decoders of subtitles that are text.
const TEXT_DECODERS: &[&str] = &["mov_text", "srt", "subrip", "ass", "ssa", "webvtt", "text"];

/// Decoders that are never used, but whose presence must not stop ffprobe: it opens one for every stream, and
/// films come with subtitles.
const IGNORED_DECODERS: &[&str] = &["dvdsub", "dvbsub", "pgssub", "cc_dec", "png"];

/// The value of `-codec_whitelist`.
pub fn decoder_whitelist() -> String {
    [VIDEO_DECODERS, AUDIO_DECODERS, TEXT_DECODERS, IGNORED_DECODERS].concat().join(",")
}

/// Codecs of pictures by the name that ffprobe gives a stream.
pub fn is_video_supported(codec: &str) -> bool {
    // ffprobe names codecs, not decoders; these differ.
    let aliases = ["av1", "flv1", "msmpeg4v3"];
    VIDEO_DECODERS.contains(&codec) || aliases.contains(&codec)
}

/// Codecs of subtitles that are text, by the name that ffprobe gives a stream.
pub fn is_text(codec: &str) -> bool {
    TEXT_DECODERS.contains(&codec)
}

/// Codecs of sound by the name that ffprobe gives a stream.
pub fn is_audio_supported(codec: &str) -> bool {
    let aliases = ["dts", "amr_nb", "amr_wb"];
    AUDIO_DECODERS.contains(&codec) || aliases.contains(&codec)
}

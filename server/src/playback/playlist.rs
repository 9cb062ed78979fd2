//! HLS playlists (RFC 8216) as text. Pure: rows and addresses in, text out.

use std::fmt::Write;

use kinora_entity::{chunk, rendition};

/// The group that all pictures share their sound from.
const AUDIO_GROUP: &str = "audio";

/// The group of all captions.
const CAPTION_GROUP: &str = "captions";

/// Captions as a playlist names them.
pub struct CaptionTrack {
    /// BCP 47.
    pub language: String,
    pub name: String,
}

/// The master playlist: every rendition with pictures, largest first, the sound and the captions apart, and at last
/// the sound alone. Of a video that is still made, more may be listed later, and players of ours are told so.
pub fn master(renditions: &[rendition::Model], captions: &[CaptionTrack], is_ready: bool) -> String {
    let sound = renditions.iter().find(|row| row.kind == rendition::Kind::Audio);
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    if !is_ready {
        text.push_str("#EXT-X-SESSION-DATA:DATA-ID=\"kinora.growing\",VALUE=\"YES\"\n");
    }
    if let Some(sound) = sound {
        line(
            &mut text,
            format_args!(
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{AUDIO_GROUP}\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,\
                 URI=\"{}.m3u8\"",
                sound.name
            ),
        );
    }
    for CaptionTrack { language, name } in captions {
        // A quoted string takes neither quotes nor line breaks (section 4.2).
        let name = name.replace('"', "'");
        line(
            &mut text,
            format_args!(
                "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{CAPTION_GROUP}\",NAME=\"{name}\",LANGUAGE=\"{language}\",\
                 DEFAULT=NO,AUTOSELECT=YES,URI=\"captions/{language}.m3u8\""
            ),
        );
    }
    for row in renditions.iter().filter(|row| row.kind == rendition::Kind::Video) {
        let more = |of: fn(&rendition::Model) -> i64| of(row) + sound.map_or(0, of);
        let codecs =
            sound.map_or_else(|| row.codecs.clone(), |sound| format!("{},{}", row.codecs, sound.codecs));
        let mut attributes = format!(
            "BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{codecs}\"",
            more(|row| row.bandwidth),
            more(|row| row.average_bandwidth)
        );
        if let (Some(width), Some(height)) = (row.width, row.height) {
            attributes.push_str(&format!(",RESOLUTION={width}x{height}"));
        }
        if let Some(rate) = row.frame_rate {
            attributes.push_str(&format!(",FRAME-RATE={rate:.3}"));
        }
        if sound.is_some() {
            attributes.push_str(&format!(",AUDIO=\"{AUDIO_GROUP}\""));
        }
        if !captions.is_empty() {
            attributes.push_str(&format!(",SUBTITLES=\"{CAPTION_GROUP}\""));
        }
        line(&mut text, format_args!("#EXT-X-STREAM-INF:{attributes}\n{}.m3u8", row.name));
    }
    if let Some(sound) = sound {
        // For lines that carry no pictures, and for players that are asked to play in the background.
        line(
            &mut text,
            format_args!(
                "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\",AUDIO=\"{AUDIO_GROUP}\"\n{}.m3u8",
                sound.bandwidth, sound.average_bandwidth, sound.codecs, sound.name
            ),
        );
    }
    text
}

/// The playlist of captions: one file for the whole video, beside it.
pub fn captions(language: &str, duration_ms: i64) -> String {
    let seconds = duration_ms.max(1) as f64 / 1000.0;
    format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXTINF:{seconds:.3},\n{language}.vtt\n#EXT-X-ENDLIST\n",
        seconds.ceil()
    )
}

/// What can be played from the beginning without a hole. Chunks of one rendition are encoded side by side, so a
/// later one may be there first. A draft has another initialisation section than what follows it, and stands alone.
pub fn playable(chunks: Vec<chunk::Model>) -> Vec<chunk::Model> {
    let begins_with_draft = chunks.first().is_some_and(|chunk| chunk.is_draft);
    let most = if begins_with_draft { 1 } else { chunks.len() };
    chunks
        .into_iter()
        .zip(0..)
        .take_while(|(chunk, index)| chunk.index == *index)
        .map(|(chunk, _)| chunk)
        .take(most)
        .collect()
}

/// The playlist of one rendition. `chunks` are in order, each with the address of its object; `key_address` is where
/// the key of those is that are encrypted. One that is not `complete` may grow.
pub fn media(chunks: &[(chunk::Model, String)], key_address: &str, complete: bool) -> String {
    let longest_ms = chunks
        .iter()
        .flat_map(|(chunk, _)| chunk.segments.0.iter())
        .map(|segment| segment.duration_ms)
        .fold(1000.0, f64::max);
    let kind = if complete { "VOD" } else { "EVENT" };
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:{kind}\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n",
        // Rounded to the nearest second, as section 4.3.3.1 compares.
        (longest_ms / 1000.0).round().max(1.0)
    );
    for (chunk, address) in chunks {
        if let (Some(offset), Some(size)) = (chunk.init_offset_bytes, chunk.init_size_bytes) {
            // Before any key, so that players take it for what it is, in the clear (section 4.3.2.5).
            line(&mut text, format_args!("#EXT-X-MAP:URI=\"{address}\",BYTERANGE=\"{size}@{offset}\""));
        }
        let first_iv =
            chunk.iv.as_deref().and_then(|iv| <[u8; 16]>::try_from(iv).ok()).map(u128::from_be_bytes);
        for (number, segment) in (0..).zip(&chunk.segments.0) {
            if let Some(first_iv) = first_iv {
                let iv = first_iv.wrapping_add(number);
                line(
                    &mut text,
                    format_args!("#EXT-X-KEY:METHOD=AES-128,URI=\"{key_address}\",IV=0x{iv:032X}"),
                );
            }
            line(
                &mut text,
                format_args!(
                    "#EXTINF:{:.6},\n#EXT-X-BYTERANGE:{}@{}\n{address}",
                    segment.duration_ms / 1000.0,
                    segment.size_bytes,
                    segment.offset_bytes
                ),
            );
        }
    }
    if complete {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{content}");
}

#[cfg(test)]
mod tests {
    use kinora_entity::{ChunkId, RenditionId, VideoId, chunk::Segment};

    use super::*;

    fn row(name: &str, kind: rendition::Kind, size: Option<(i32, i32)>, bandwidth: i64) -> rendition::Model {
        rendition::Model {
            id: RenditionId(1),
            video_id: VideoId(1),
            attempt: 1,
            name: name.into(),
            kind,
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            frame_rate: size.map(|_| 30000.0 / 1001.0),
            codecs: if size.is_some() { "avc1.64001f".into() } else { "mp4a.40.2".into() },
            bandwidth,
            average_bandwidth: bandwidth / 2,
            chunk_count: Some(1),
        }
    }

    #[test]
    fn the_master_lists_pictures_with_their_sound() {
        let rows = [
            row("720p", rendition::Kind::Video, Some((1280, 720)), 2_000_000),
            row("audio", rendition::Kind::Audio, None, 128_000),
        ];
        assert_eq!(
            master(&rows, &[], true),
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,URI=\"audio.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2128000,AVERAGE-BANDWIDTH=1064000,CODECS=\"avc1.64001f,mp4a.40.2\",\
             RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO=\"audio\"\n720p.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=64000,CODECS=\"mp4a.40.2\",AUDIO=\"audio\"\naudio.m3u8\n"
        );
    }

    #[test]
    fn the_master_of_a_video_that_grows_says_so() {
        let rows = [row("720p", rendition::Kind::Video, Some((1280, 720)), 2_000_000)];
        let growing = "#EXT-X-SESSION-DATA:DATA-ID=\"kinora.growing\",VALUE=\"YES\"\n";
        assert!(master(&rows, &[], false).contains(growing));
        assert!(!master(&rows, &[], true).contains("SESSION-DATA"));
    }

    #[test]
    fn the_master_lists_captions() {
        let rows = [row("720p", rendition::Kind::Video, Some((1280, 720)), 2_000_000)];
        let track = CaptionTrack { language: "pt-BR".into(), name: "The \"best\"".into() };
        let text = master(&rows, &[track], true);
        assert!(text.contains(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"The 'best'\",LANGUAGE=\"pt-BR\",\
             DEFAULT=NO,AUTOSELECT=YES,URI=\"captions/pt-BR.m3u8\"\n"
        ));
        assert!(text.contains(",SUBTITLES=\"captions\"\n720p.m3u8\n"), "{text}");
        assert!(
            captions("en", 12_345).contains("DURATION:13\n")
                && captions("en", 12_345).contains("12.345,\nen.vtt")
        );
    }

    fn chunk(index: i32, is_draft: bool) -> chunk::Model {
        chunk::Model {
            id: ChunkId(1),
            rendition_id: RenditionId(1),
            index,
            size_bytes: 300,
            start_ms: 0.0,
            init_offset_bytes: Some(0),
            init_size_bytes: Some(100),
            segments: chunk::Segments(vec![Segment {
                offset_bytes: 100,
                size_bytes: 200,
                duration_ms: 2002.0,
            }]),
            lease_id: None,
            is_draft,
            iv: None,
            likeness: None,
        }
    }

    #[test]
    fn chunks_behind_a_hole_or_a_draft_wait() {
        let shown = |chunks: &[(i32, bool)]| {
            playable(chunks.iter().map(|&(index, is_draft)| chunk(index, is_draft)).collect()).len()
        };
        assert_eq!(shown(&[(0, false), (1, false), (3, false)]), 2);
        assert_eq!(shown(&[(1, false), (2, false)]), 0);
        assert_eq!(shown(&[(0, true), (1, false)]), 1);
        assert_eq!(shown(&[]), 0);
    }

    #[test]
    fn a_growing_playlist_has_no_end() {
        let chunks = [(chunk(0, false), "https://media.example/c".to_owned())];
        let text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"https://media.example/c\",BYTERANGE=\"100@0\"\n\
             #EXTINF:2.002000,\n#EXT-X-BYTERANGE:200@100\nhttps://media.example/c\n";
        assert_eq!(media(&chunks, "/key", false), text);
        assert_eq!(media(&chunks, "/key", true), format!("{}#EXT-X-ENDLIST\n", text.replace("EVENT", "VOD")));
    }

    #[test]
    fn every_encrypted_segment_has_a_vector_of_its_own_and_the_head_is_clear() {
        let mut first = chunk(0, false);
        first.iv = Some([0xFF; 16].to_vec());
        first.segments.0.push(first.segments.0[0]);
        let text = media(&[(first, "https://media.example/c".to_owned())], "/v/x/key?attempt=2", true);
        let lines: Vec<&str> =
            text.lines().filter(|line| line.contains("MAP") || line.contains("KEY")).collect();
        let key = "#EXT-X-KEY:METHOD=AES-128,URI=\"/v/x/key?attempt=2\",IV=0x";
        assert_eq!(
            lines,
            [
                "#EXT-X-MAP:URI=\"https://media.example/c\",BYTERANGE=\"100@0\"",
                &format!("{key}{}", "F".repeat(32)),
                &format!("{key}{}", "0".repeat(32)),
            ]
        );
    }
}

//! The storyboard: which tile of which image shows what time, as WebVTT.

use std::fmt::Write as _;

use kinora_entity::video::Previews;

/// Cues over the whole of a video of `duration_ms`, one a tile. `sprites` are the addresses of the images.
pub fn storyboard(made: &Previews, duration_ms: i64, sprites: &[String]) -> String {
    let mut text = String::from("WEBVTT\n");
    let begins_ms = |tile: i32| i64::from(tile) * i64::from(made.interval_ms);
    // A video may have turned out shorter than what the tiles were made for.
    let shown = (0..made.tiles).take_while(|tile| *tile == 0 || begins_ms(*tile) < duration_ms).count();
    let last = i32::try_from(shown).unwrap_or(made.tiles) - 1;
    for tile in 0..=last {
        let (sprite, place) = (tile / made.tiles_of_sprite(), tile % made.tiles_of_sprite());
        let Some(address) = usize::try_from(sprite).ok().and_then(|sprite| sprites.get(sprite)) else {
            break;
        };
        let from_ms = begins_ms(tile);
        let to_ms = if tile == last { duration_ms.max(from_ms + 1) } else { begins_ms(tile + 1) };
        let (x, y) = (place % made.columns * made.tile_width, place / made.columns * made.tile_height);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{} --> {}\n{address}#xywh={x},{y},{},{}",
            clock(from_ms),
            clock(to_ms),
            made.tile_width,
            made.tile_height
        );
    }
    text
}

fn clock(ms: i64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use kinora_entity::LeaseId;

    use super::*;

    fn made(tiles: i32) -> Previews {
        Previews {
            attempt: 1,
            lease_id: LeaseId(1),
            interval_ms: 2_500,
            tile_width: 160,
            tile_height: 90,
            columns: 2,
            rows: 1,
            tiles,
            has_loop: false,
        }
    }

    #[test]
    fn cues_follow_each_other_over_the_whole_video() {
        let sprites = ["https://a/0.jpg".to_owned(), "https://a/1.jpg?s=1".to_owned()];
        assert_eq!(
            storyboard(&made(3), 3_607_600, &sprites),
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nhttps://a/0.jpg#xywh=0,0,160,90\n\n\
             00:00:02.500 --> 00:00:05.000\nhttps://a/0.jpg#xywh=160,0,160,90\n\n\
             00:00:05.000 --> 01:00:07.600\nhttps://a/1.jpg?s=1#xywh=0,0,160,90\n"
        );
        let shorter = storyboard(&made(3), 4_000, &sprites);
        assert!(shorter.ends_with("--> 00:00:04.000\nhttps://a/0.jpg#xywh=160,0,160,90\n"), "{shorter}");
        assert_eq!(storyboard(&made(1), 0, &sprites).matches("-->").count(), 1);
    }
}

//! Small pictures of a video along its line, fetched when somebody first points at it.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::ui::effect;

/// A stretch of a video, and the part of an image that shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    from_ms: f64,
    to_ms: f64,
    pub image: String,
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The tiles of the video that is shown at the moment.
#[derive(Clone, Copy)]
pub struct Storyboard {
    address: Signal<Option<String>>,
    /// Whose tiles were asked for.
    asked: StoredValue<Option<String>>,
    tiles: RwSignal<Vec<Tile>>,
}

impl Storyboard {
    pub fn new(address: Signal<Option<String>>) -> Self {
        let storyboard = Self { address, asked: StoredValue::new(None), tiles: RwSignal::new(Vec::new()) };
        effect(move || {
            address.track();
            storyboard.asked.set_value(None);
            storyboard.tiles.set(Vec::new());
        });
        storyboard
    }

    /// Fetches the tiles, once. A bar without pictures is a bar all the same, so a failure is the end of it.
    pub fn want(self) {
        let Some(address) = self.address.get_untracked() else { return };
        if self.asked.with_value(|asked| asked.as_ref() == Some(&address)) {
            return;
        }
        self.asked.set_value(Some(address.clone()));
        spawn_local(async move {
            let text = fetch(&address).await.unwrap_or_default();
            // The page may show another video by now, or be gone.
            if self.asked.try_with_value(|asked| asked.as_ref() == Some(&address)) == Some(true) {
                self.tiles.set(parse(&text));
            }
        });
    }

    /// What shows the video at that time.
    pub fn at(self, ms: f64) -> Option<Tile> {
        self.tiles.with(|tiles| tile_at(tiles, ms).cloned())
    }
}

async fn fetch(address: &str) -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(address)).await.ok()?;
    let response = response.dyn_into::<Response>().ok().filter(Response::ok)?;
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

fn tile_at(tiles: &[Tile], ms: f64) -> Option<&Tile> {
    let begun = tiles.partition_point(|tile| tile.from_ms <= ms);
    tiles.get(begun.checked_sub(1)?).filter(|tile| ms <= tile.to_ms)
}

/// Reads WebVTT whose cues are addresses of images with `#xywh=`.
fn parse(text: &str) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((from, to)) = line.split_once(" --> ") else { continue };
        tiles.extend(lines.next().and_then(|cue| tile(from, to, cue)));
    }
    tiles
}

fn tile(from: &str, to: &str, cue: &str) -> Option<Tile> {
    let (image, place) = cue.split_once("#xywh=")?;
    let mut numbers = place.split(',').map(|number| number.trim().parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    let (x, y, width, height) = (next()?, next()?, next()?, next()?);
    Some(Tile {
        from_ms: clock_ms(from)?,
        to_ms: clock_ms(to)?,
        image: image.to_owned(),
        x,
        y,
        width,
        height,
    })
}

fn clock_ms(text: &str) -> Option<f64> {
    let seconds =
        text.trim().split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))?;
    Some((seconds * 1000.0_f64).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nhttps://a/0.jpg?s=1#xywh=0,0,160,90\n\n\
        00:00:02.500 --> 01:00:05.000\nhttps://a/0.jpg?s=1#xywh=160,90,160,90\n\n\
        00:00:05.000 --> nonsense\nhttps://a/0.jpg#xywh=0,0,160,90\n\n\
        00:00:05.000 --> 00:00:06.000\nno place\n";

    #[test]
    fn cues_become_tiles_and_nonsense_does_not() {
        let tiles = parse(TEXT);
        assert_eq!(tiles.len(), 2);
        assert_eq!((tiles[1].from_ms, tiles[1].to_ms), (2_500.0, 3_605_000.0));
        let place = (tiles[1].image.as_str(), tiles[1].x, tiles[1].y, tiles[1].width, tiles[1].height);
        assert_eq!(place, ("https://a/0.jpg?s=1", 160, 90, 160, 90));
    }

    #[test]
    fn a_time_has_the_tile_that_began_last() {
        let tiles = parse(TEXT);
        let x = |ms| tile_at(&tiles, ms).map(|tile| tile.x);
        assert_eq!((x(0.0), x(2_499.0), x(2_500.0), x(4_000_000.0)), (Some(0), Some(0), Some(160), None));
        assert_eq!(tile_at(&[], 1.0), None);
    }
}

//! Real clips through the real pipeline: uploaded, processed by the embedded runner, fetched as a player would, and
//! looked at with ffprobe.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod broken;
mod chunks;
mod classes;
mod codecs;
mod downloads;
mod held;
mod loudness;
mod odd;
mod previews;
mod protection;
mod samples;
mod sound;
mod texts;
mod wake;

use kinora_tests::published;

//! Everything that is known about ffmpeg and ffprobe: what they are asked, and what their answers mean.
//!
//! * [`probe`] looks at a source and describes it, or says why it cannot be used.
//! * [`ladder`] and [`plan`] decide what is made of it.
//! * [`filters`] and [`args`] turn the plan into a command line, without side effects.
//! * [`texts`] reads captions and chapters.
//! * [`progress`] and [`log`] read what ffmpeg says while it runs; [`run`] starts it and ends it.

pub mod args;
pub mod codecs;
pub mod colour;
pub mod filters;
pub mod frame_rate;
pub mod ladder;
pub mod log;
pub mod loudness;
pub mod orientation;
pub mod plan;
pub mod previews;
pub mod probe;
pub mod progress;
pub mod report;
pub mod run;
pub mod source;
pub mod texts;

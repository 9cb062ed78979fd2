//! Playing a video, and what a viewer does with one: rate it, keep it, share it, download it.
//!
//! `Player` is the player of a video's own page. The feed builds its own picture from the same parts:
//! [`Playback`] (one element, as signals), `SeekBar`, the overlays, and [`actions`].

pub mod actions;
mod captions;
mod component;
mod controls;
mod focus;
mod gain;
mod idle;
mod keys;
mod level;
mod overlay;
mod playback;
mod screen;
mod script;
mod seek_bar;
mod settings;
mod slides;
mod sound;
mod source;
mod storyboard;
mod time;
mod trouble;
mod views;
mod watched;

pub use captions::{Captions, CaptionsAction, name_of as caption_name};
pub use component::Player;
pub use focus::is_free_key;
pub use idle::Idle;
pub use overlay::{PosterOver, TroubleOver, Waiting};
pub use playback::Playback;
pub use seek_bar::SeekBar;
pub use sound::use_sound;
pub use source::Source;
pub use time::clock;
pub use views::count_views;

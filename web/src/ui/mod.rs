//! What every page is made of.

mod button;
mod card;
mod clock;
mod dialog;
mod effect;
mod field;
mod format;
mod grid;
mod icon;
mod load;
mod offline;
mod paged;
mod rows;
mod sentinel;
mod states;
mod title;
mod toast;
mod wordmark;

pub use button::{Button, IconButton, Kind};
pub use card::CardView;
pub use clock::{RelativeTime, now_ms};
pub use dialog::Dialog;
pub use effect::effect;
pub use field::{Field, TextArea, focus_first_mistake};
pub use format::{bytes, count, duration, speed, time_left};
pub use grid::VideoGrid;
pub use icon::{Glyph, Icon};
pub use load::{Load, Loader, use_load};
pub use offline::{OfflineNote, use_online};
pub use paged::{Paged, use_paged};
pub use sentinel::Sentinel;
pub use states::{EmptyState, ErrorState, PageSkeleton};
pub use title::{Announcer, PageTitle, set_title};
pub use toast::{Toaster, Toasts, use_toasts};
pub use wordmark::Wordmark;

//! What a viewer does with a video: ten stars, favourite, share, download. Used by the feed and by a video's page.

mod api;
mod buttons;
mod download;
mod guest;
mod opinion;
mod star_button;
mod star_row;
mod stars;
mod turn;

use leptos::prelude::*;

use crate::api::VideoDetails;

pub use api::{RecordView, RecordViewVariables};
pub use buttons::{FavoriteButton, ShareButton, copy_link};
pub use download::DownloadButton;
pub use opinion::ViewerActions;
pub use star_button::StarButton;
pub use star_row::StarRow;

/// All of them in a line, for a video's page; `video` takes the new counts.
#[component]
pub fn Actions(video: RwSignal<VideoDetails>) -> impl IntoView {
    let write = Callback::new(move |changed| {
        // The page may have been left before the server answered.
        let _ = video.try_set(changed);
    });
    let actions = ViewerActions::new(Signal::derive(move || Some(video.get())), write);
    view! {
        <div class="action-bar">
            <StarRow actions />
            <div class="action-buttons">
                <FavoriteButton actions />
                <ShareButton actions />
                <DownloadButton actions />
            </div>
        </div>
    }
}

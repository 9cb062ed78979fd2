//! Deleting a video, after saying what goes with it.

use cynic::MutationBuilder;
use leptos::prelude::*;

use crate::{
    api::{self, DeleteVideo, VideoDetails, VideoVariables},
    ui::{Confirm, Paged, count},
};

/// Asks once about the video in `deleting`.
#[component]
pub fn DeleteDialog(deleting: RwSignal<Option<VideoDetails>>, list: Paged<VideoDetails>) -> impl IntoView {
    let words = |video: VideoDetails| {
        view! {
            "“"
            <strong>{video.title.clone()}</strong>
            "” goes for good: "
            {what_goes(&video)}
            " Links to it stop working."
        }
    };
    let delete = move |video: VideoDetails| async move {
        api::send(DeleteVideo::build(VideoVariables { id: video.id.clone() })).await?;
        list.items.try_update(|items| items.retain(|other| other.id != video.id));
        Ok(format!("Deleted “{}”", video.title))
    };
    view! { <Confirm asked=deleting title="Delete video" words=words act=delete /> }
}

/// What is lost with a video, as a sentence.
fn what_goes(video: &VideoDetails) -> String {
    let some = |number: i32, one: &str, many: &str| match number {
        ..=0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{} {many}", count(i64::from(number)))),
    };
    let mut parts = vec!["the original file and everything made from it".to_owned()];
    parts.extend(some(video.view_count, "view", "views"));
    parts.extend(some(video.rating_count, "rating", "ratings"));
    parts.extend(some(video.favorite_count, "favourite", "favourites"));
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { format!("{last}.") } else { format!("{} and {last}.", parts.join(", ")) }
}

//! Deleting a video, after saying what goes with it.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{self, DeleteVideo, VideoDetails, VideoVariables},
    ui::{Button, Dialog, Kind, Paged, count, effect, use_toasts},
};

/// Asks once about the video in `deleting`.
#[component]
pub fn DeleteDialog(deleting: RwSignal<Option<VideoDetails>>, list: Paged<VideoDetails>) -> impl IntoView {
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    effect(move || open.set(deleting.with(Option::is_some)));
    effect(move || {
        if !open.get() && deleting.with_untracked(Option::is_some) {
            deleting.set(None);
        }
    });
    let delete = move |_| {
        let Some(video) = deleting.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::send(DeleteVideo::build(VideoVariables { id: video.id.clone() })).await {
                Ok(_) => {
                    list.items.try_update(|items| items.retain(|other| other.id != video.id));
                    deleting.try_set(None);
                    toasts.say(format!("Deleted “{}”", video.title));
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog open=open title="Delete video">
            {move || {
                deleting
                    .get()
                    .map(|video| {
                        view! {
                            <p>
                                "“" <strong>{video.title.clone()}</strong> "” goes for good: " {what_goes(&video)}
                                " Links to it stop working."
                            </p>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button label="Keep it" kind=Kind::Quiet on_press=move |_| deleting.set(None) />
                <Button label="Delete video" kind=Kind::Danger busy=busy on_press=delete />
            </footer>
        </Dialog>
    }
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

//! One of one's own videos in the list; a video that is being processed reports live.

use cynic::{MutationBuilder, QueryBuilder, SubscriptionBuilder};
use futures::StreamExt;
use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation, task::spawn_local};

use super::replace;
use crate::{
    api::{
        self, ProgressSubscription, ProgressVariables, RetryVideo, VideoDetails, VideoProgress, VideoQuery,
        VideoState, VideoVariables, Visibility,
    },
    ui::{Button, Glyph, Icon, IconButton, Paged, RelativeTime, count, duration, time_left, use_toasts},
};

/// A row: picture, name, state, numbers, and what can be done.
#[component]
pub fn VideoRow(
    video: VideoDetails,
    list: Paged<VideoDetails>,
    editing: RwSignal<Option<VideoDetails>>,
    deleting: RwSignal<Option<VideoDetails>>,
) -> impl IntoView {
    let id = video.id.clone();
    let progress = RwSignal::new(video.progress.clone());
    if video.state == VideoState::Processing {
        follow(id.clone(), progress, list);
    }
    // The row stays when its text changes: only the text is read anew.
    let initial = video.clone();
    let current = Memo::new(move |_| {
        list.items
            .with(|items| items.iter().find(|video| video.id == id).cloned())
            .unwrap_or_else(|| initial.clone())
    });
    let href = format!("/watch/{}", video.id.inner());
    let failed = video.state == VideoState::Failed;
    view! {
        <li class="studio-row">
            <a class="studio-picture" href=href.clone() tabindex="-1" aria-hidden="true">
                {match video.poster_url.clone() {
                    Some(url) => view! { <img src=url alt="" loading="lazy" decoding="async" /> }.into_any(),
                    None => {
                        view! {
                            <span class="card-blank">
                                <Glyph icon=if failed { Icon::Alert } else { Icon::Film } />
                            </span>
                        }
                            .into_any()
                    }
                }}
                {video.duration_ms.map(|ms| view! { <span class="card-time">{duration(i64::from(ms))}</span> })}
            </a>
            <div class="studio-text">
                <h2 class="studio-title">
                    <a href=href>{move || current.with(|video| video.title.clone())}</a>
                </h2>
                <StateLine video=video.clone() progress=progress list=list />
                <p class="studio-meta">
                    {move || current.with(|video| view! { <VisibilityMark visibility=video.visibility /> })}
                    <span title="Views">
                        <Glyph icon=Icon::Views />
                        {count(i64::from(video.view_count))}
                    </span>
                    <span title="Favourites">
                        <Glyph icon=Icon::Heart />
                        {count(i64::from(video.favorite_count))}
                    </span>
                    {video
                        .average_stars
                        .map(|stars| {
                            view! {
                                <span title="Average of ten stars">
                                    <Glyph icon=Icon::Star />
                                    {format!("{stars:.1}")}
                                </span>
                            }
                        })}
                    <RelativeTime at=video.created_at.clone() />
                </p>
            </div>
            <div class="studio-actions">
                <IconButton
                    icon=Icon::Edit
                    label=Signal::derive(move || current.with(|video| format!("Edit {}", video.title)))
                    on_press=move |_| editing.set(Some(current.get_untracked()))
                />
                <IconButton
                    icon=Icon::Delete
                    label=Signal::derive(move || current.with(|video| format!("Delete {}", video.title)))
                    on_press=move |_| deleting.set(Some(current.get_untracked()))
                />
            </div>
        </li>
    }
}

/// Follows the processing until it ends, then takes the finished video into the list.
fn follow(id: cynic::Id, progress: RwSignal<Option<VideoProgress>>, list: Paged<VideoDetails>) {
    let mut news = api::subscribe(ProgressSubscription::build(ProgressVariables { video_id: id.clone() }));
    spawn_local_scoped_with_cancellation(async move {
        while let Some(Ok(news)) = news.next().await {
            let now = news.video_progress;
            let over = now.state != VideoState::Processing;
            progress.set(Some(now));
            if over {
                break;
            }
        }
        // A failed request leaves the row as it was; the next visit shows the truth.
        if let Ok(VideoQuery { video: Some(video) }) =
            api::send(VideoQuery::build(VideoVariables { id })).await
        {
            replace(list, video);
        }
    });
}

#[component]
fn StateLine(
    video: VideoDetails,
    progress: RwSignal<Option<VideoProgress>>,
    list: Paged<VideoDetails>,
) -> impl IntoView {
    match video.state {
        VideoState::Ready => None,
        VideoState::Failed => {
            let can_retry = video.failure.as_ref().is_some_and(|failure| failure.can_retry);
            let message =
                video.failure.map_or_else(|| "Processing failed.".to_owned(), |failure| failure.message);
            let again = can_retry.then(|| view! { <Again id=video.id list=list /> });
            Some(view! { <div class="studio-failure"><p>{message}</p>{again}</div> }.into_any())
        }
        VideoState::Processing => {
            let percent =
                move || progress.with(|now| now.as_ref().map_or(0.0, |now| now.percent.clamp(0.0, 100.0)));
            Some(
                view! {
                    <div class="studio-progress">
                        <Strip progress=progress />
                        <span>
                            "Processing " {move || format!("{:.0} %", percent())}
                            {move || {
                                let eta = progress.with(|now| now.as_ref().and_then(|now| now.eta_ms));
                                eta.map(|ms| format!(", {}", time_left(f64::from(ms))))
                            }}
                        </span>
                    </div>
                }
                .into_any(),
            )
        }
    }
}

/// How far each part of a video is, side by side; one line where there are no parts.
#[component]
fn Strip(progress: RwSignal<Option<VideoProgress>>) -> impl IntoView {
    let cells = Memo::new(move |_| {
        progress.with(|now| match now {
            Some(now) if !now.parts.is_empty() => now.parts.clone(),
            now => vec![now.as_ref().map_or(0.0, |now| now.percent / 100.0)],
        })
    });
    let count = Memo::new(move |_| cells.with(Vec::len));
    let fill = move |cell: usize| cells.with(|cells| cells.get(cell).copied().unwrap_or(0.0).clamp(0.0, 1.0));
    view! {
        <div class="strip" aria-hidden="true">
            <For each=move || 0..count.get() key=|cell| *cell let(cell)>
                <div class="progress">
                    <span style:transform=move || format!("scaleX({:.3})", fill(cell))></span>
                </div>
            </For>
        </div>
    }
}

/// Has a failed video processed again.
#[component]
fn Again(id: cynic::Id, list: Paged<VideoDetails>) -> impl IntoView {
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let again = move |_| {
        let id = id.clone();
        busy.set(true);
        spawn_local(async move {
            match api::send(RetryVideo::build(VideoVariables { id })).await {
                Ok(answer) => replace(list, answer.retry_video),
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! { <Button label="Try again" icon=Icon::Retry busy=busy on_press=again /> }
}

#[component]
fn VisibilityMark(visibility: Visibility) -> impl IntoView {
    let (icon, text) = match visibility {
        Visibility::Public => (Icon::Public, "Public"),
        Visibility::Unlisted => (Icon::Link, "Unlisted"),
        Visibility::Private => (Icon::Private, "Private"),
    };
    view! {
        <span>
            <Glyph icon=icon />
            {text}
        </span>
    }
}

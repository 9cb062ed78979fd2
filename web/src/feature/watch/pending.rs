//! A video that cannot be watched yet, live, or that never will be, in a sentence.

use cynic::SubscriptionBuilder;
use futures::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation};

use crate::{
    api::{
        self, ErrorCode, Failure, ProcessingStage, ProgressSubscription, ProgressVariables, VideoDetails,
        VideoProgress, VideoState,
    },
    ui::{Glyph, Icon, time_left},
};

/// News that were refused are asked for again after this.
const AGAIN_MS: u32 = 3_000;

/// Stands in the place of the player until there is something to play.
#[component]
pub fn PendingView(video: VideoDetails, #[prop(into)] on_change: Callback<()>) -> impl IntoView {
    let progress = RwSignal::new(video.progress.clone());
    let failure = RwSignal::new(match video.state {
        VideoState::Failed => Some(video.failure.clone()),
        VideoState::Processing | VideoState::Ready => None,
    });
    if video.state == VideoState::Processing {
        let id = video.id.clone();
        spawn_local_scoped_with_cancellation(async move {
            loop {
                let variables = ProgressVariables { video_id: id.clone() };
                let mut news = api::subscribe(ProgressSubscription::build(variables));
                while let Some(event) = news.next().await {
                    let now = match event {
                        Ok(news) => news.video_progress,
                        // Deleted, or no longer to be seen: the page asks anew and says so.
                        Err(error) if error.code == ErrorCode::NotFound => {
                            TimeoutFuture::new(AGAIN_MS).await;
                            return on_change.run(());
                        }
                        Err(_) => break,
                    };
                    if now.state == VideoState::Failed {
                        return failure.set(Some(now.failure.clone()));
                    }
                    if now.state == VideoState::Ready || now.playable {
                        return on_change.run(());
                    }
                    progress.set(Some(now));
                }
                TimeoutFuture::new(AGAIN_MS).await;
            }
        });
    }
    move || match failure.get() {
        Some(failure) => view! { <FailedView failure=failure /> }.into_any(),
        None => view! { <Stages progress=progress /> }.into_any(),
    }
}

#[component]
fn Stages(progress: RwSignal<Option<VideoProgress>>) -> impl IntoView {
    let percent = move || progress.with(|now| now.as_ref().map_or(0.0, |now| now.percent.clamp(0.0, 100.0)));
    let words = move || progress.with(|now| stage_words(now.as_ref().and_then(|now| now.stage)));
    let left = move || {
        progress.with(|now| now.as_ref().and_then(|now| now.eta_ms)).map(|ms| time_left(f64::from(ms)))
    };
    view! {
        <div class="pending" role="status">
            <p class="pending-percent">{move || format!("{:.0} %", percent())}</p>
            <div
                class="progress"
                role="progressbar"
                aria-label="Processing"
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || format!("{:.0}", percent())
            >
                <span style:transform=move || format!("scaleX({:.3})", percent() / 100.0)></span>
            </div>
            <p>{words}</p>
            <p class="soft">{left}</p>
        </div>
    }
}

/// What is being done with the video, as a person would say it.
fn stage_words(stage: Option<ProcessingStage>) -> &'static str {
    match stage {
        None | Some(ProcessingStage::Queued) => "Waiting for its turn",
        Some(ProcessingStage::Downloading) => "Fetching the file",
        Some(ProcessingStage::Probing) => "Looking at the file",
        Some(ProcessingStage::Encoding) => "Making it playable everywhere",
        Some(ProcessingStage::Uploading) => "Storing the result",
        Some(ProcessingStage::Publishing) => "Publishing",
    }
}

#[component]
fn FailedView(failure: Option<Failure>) -> impl IntoView {
    let message = failure.as_ref().map_or_else(
        || "The file could not be made into a video.".to_owned(),
        |failure| failure.message.clone(),
    );
    view! {
        <div class="pending failed" role="alert">
            <Glyph icon=Icon::Alert />
            <p>{message}</p>
            {failure.map(|failure| view! { <p class="fine"><code>{failure.code}</code></p> })}
        </div>
    }
}

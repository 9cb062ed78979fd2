//! Watching one video: `/watch/{id}?t=10s`.

mod chapters;
mod details;
mod late;
mod origin;
mod pending;
mod start;

use cynic::QueryBuilder;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::{details::Details, pending::PendingView};
use crate::{
    api::{self, ApiError, ErrorCode, VideoDetails, VideoQuery, VideoVariables},
    feature::missing::MissingPage,
    player::{Player, Source},
    session::use_session,
    ui::{ErrorState, Load, Loader, set_title, use_load},
};

const GONE: &str = "This video does not exist, or it is private.";

/// The page of one video. A new id in the address makes a new page.
#[component]
pub fn WatchPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    move || view! { <Watch id=id.get() /> }
}

#[component]
fn Watch(id: String) -> impl IntoView {
    let session = use_session();
    let video = use_load(move || {
        // Whoever logs in or out may see something else here.
        session.changes();
        let id = cynic::Id::new(id.clone());
        async move {
            let found = api::send(VideoQuery::build(VideoVariables { id })).await?.video;
            found.ok_or_else(|| ApiError::not_found(GONE))
        }
    });
    set_title(move || {
        video.state.with(|state| match state {
            Load::Ready(video) => video.title.clone(),
            Load::Loading => String::new(),
            Load::Failed(_) => "Not found".to_owned(),
        })
    });
    move || match video.state.get() {
        Load::Loading => view! { <WatchSkeleton /> }.into_any(),
        Load::Ready(found) => view! { <Loaded video=found loader=video /> }.into_any(),
        Load::Failed(error) if is_missing(&error) => view! { <MissingPage text=GONE /> }.into_any(),
        Load::Failed(error) => view! { <ErrorState error=error retry=move |()| video.retry() /> }.into_any(),
    }
}

fn is_missing(error: &ApiError) -> bool {
    matches!(error.code, ErrorCode::NotFound | ErrorCode::BadUserInput | ErrorCode::Forbidden)
}

#[component]
fn Loaded(video: VideoDetails, loader: Loader<VideoDetails>) -> impl IntoView {
    let query = use_query_map();
    let start_ms = query.with_untracked(|query| start::parse(query.get("t").as_deref()));
    let ratio = video.aspect_ratio();
    let shown = RwSignal::new(video.clone());
    let goal_ms = RwSignal::new(None);
    let stage = match Source::of(&video) {
        Some(_) => {
            late::follow(shown, move || loader.retry());
            view! { <Player video=shown start_ms=start_ms goal_ms=goal_ms /> }.into_any()
        }
        None => view! { <PendingView video=video on_change=move |()| loader.retry() /> }.into_any(),
    };
    view! {
        <div class="watch" style=("--ratio", format!("{ratio:.4}"))>
            <div class="stage" class:tall=ratio < 1.0>
                {stage}
            </div>
            <Details video=shown goal_ms=goal_ms />
        </div>
    }
}

#[component]
fn WatchSkeleton() -> impl IntoView {
    view! {
        <div class="watch late" role="status" aria-label="Loading the video" style=("--ratio", "1.7778")>
            <div class="stage">
                <div class="bone fill"></div>
            </div>
            <div class="watch-text">
                <div class="bone line"></div>
                <div class="bone line short"></div>
            </div>
        </div>
    }
}

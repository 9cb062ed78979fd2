//! One's own videos: how they are doing, what they are called, who may see them.

mod captions;
mod chapters;
mod delete;
mod edit;
mod row;
pub mod tags;
mod webhooks;

use cynic::QueryBuilder;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

pub use self::webhooks::WebhooksPage;
use self::{delete::DeleteDialog, edit::EditDialog, row::VideoRow, webhooks::WebhookNotice};
use crate::{
    api::{self, ErrorCode, OwnVideosQuery, OwnVideosVariables, VideoDetails},
    session::{current_path, login_href, use_session},
    ui::{Button, EmptyState, ErrorState, Icon, PageSkeleton, Paged, Sentinel, effect, set_title, use_paged},
};

const PAGE_SIZE: i32 = 30;

/// The list, for whoever is logged in; a guest is asked to log in, because nothing here is theirs.
#[component]
pub fn StudioPage() -> impl IntoView {
    set_title(|| "Your videos".to_owned());
    let session = use_session();
    ask_guests_to_log_in();
    view! {
        <Show when=move || session.signed_in() fallback=PageSkeleton>
            <OwnVideos />
        </Show>
    }
}

/// Leads a guest to the log-in, which leads back here.
fn ask_guests_to_log_in() {
    let session = use_session();
    let navigate = use_navigate();
    effect(move || {
        if session.known() && !session.signed_in() {
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            navigate(&login_href(&current_path()), options);
        }
    });
}

#[component]
fn OwnVideos() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let list: Paged<VideoDetails> = use_paged(
        || (),
        move |(), after| async move {
            let variables = OwnVideosVariables { first: PAGE_SIZE, after };
            let me = api::send(OwnVideosQuery::build(variables)).await?.me;
            let page = session.require(me)?.videos;
            Ok((page.nodes, page.page_info))
        },
    );
    let editing = RwSignal::new(None::<VideoDetails>);
    let deleting = RwSignal::new(None::<VideoDetails>);
    // `?edit=ID`, from a video's own page, opens its editor once it is in the list.
    let wanted = StoredValue::new(query.with_untracked(|query| query.get("edit")));
    effect(move || {
        let found = wanted.get_value().and_then(|id| {
            list.items.with(|items| items.iter().find(|video| video.id.inner() == id).cloned())
        });
        if let Some(video) = found {
            wanted.set_value(None);
            editing.set(Some(video));
        }
    });
    let name = move || session.username().unwrap_or_default();

    view! {
        <div class="wide-page studio">
            <header class="browse-head">
                <h1>"Your videos"</h1>
                <p class="actions">
                    <a class="button" href=move || format!("/@{}", name())>
                        "Your page"
                    </a>
                    <Show when=move || session.is_administrator()>
                        <a class="button" href="/admin">
                            "Runners"
                        </a>
                    </Show>
                    <a class="button" href="/settings">
                        "Settings"
                    </a>
                    <a class="button primary" href="/upload">
                        "Upload"
                    </a>
                </p>
            </header>
            <WebhookNotice />
            <Show when=move || list.is_starting()>
                <PageSkeleton />
            </Show>
            <Show when=move || list.is_empty()>
                <EmptyState
                    icon=Icon::Film
                    text="You have no videos yet. Drop a file anywhere on this page."
                    action=("Upload a video", "/upload".to_owned())
                />
            </Show>
            <ul class="studio-list">
                <For
                    each=move || list.items.get()
                    key=|video| (video.id.inner().to_owned(), format!("{:?}{}", video.state, video.playable))
                    let(video)
                >
                    <VideoRow video=video list=list editing=editing deleting=deleting />
                </For>
            </ul>
            {move || {
                list.error
                    .get()
                    .filter(|error| error.code != ErrorCode::Unauthenticated)
                    .map(|error| view! { <ErrorState error=error retry=move |()| list.load_more() /> })
            }}
            <Show when=move || list.more.get() && list.error.with(Option::is_none)>
                <Sentinel
                    on_near=move |()| list.load_more()
                    pulse=Signal::derive(move || list.items.with(Vec::len))
                />
                <div class="grid-more">
                    <Button
                        label="Show more"
                        busy=Signal::derive(move || list.loading.get())
                        on_press=move |_| list.load_more()
                    />
                </div>
            </Show>
        </div>
        <EditDialog editing=editing list=list />
        <DeleteDialog deleting=deleting list=list />
    }
}

/// Puts a changed video in the place of what the list had.
fn replace(list: Paged<VideoDetails>, changed: VideoDetails) {
    list.items.try_update(|items| {
        if let Some(slot) = items.iter_mut().find(|video| video.id == changed.id) {
            *slot = changed;
        }
    });
}

//! A person's page, `/@ada`: who they are here and what they have published.

use cynic::QueryBuilder;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{Filter, use_videos};
use crate::{
    api::{self, ApiError, Profile, ProfileQuery, ProfileVariables},
    feature::missing::MissingPage,
    session::use_session,
    ui::{EmptyState, ErrorState, Icon, Load, PageSkeleton, VideoGrid, count, set_title, use_load},
};

/// Shows the person that the address names, or that nothing is there.
#[component]
pub fn ProfilePage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| {
        let handle = params.with(|params| params.get("handle")).unwrap_or_default();
        handle.strip_prefix('@').filter(|name| !name.is_empty()).map(str::to_owned)
    });
    move || match name.get() {
        Some(name) => view! { <Person name=name /> }.into_any(),
        None => view! { <MissingPage /> }.into_any(),
    }
}

#[component]
fn Person(name: String) -> impl IntoView {
    let title = format!("@{name}");
    set_title(move || title.clone());
    let profile = use_load(move || {
        let username = name.clone();
        async move {
            let found = api::send(ProfileQuery::build(ProfileVariables { username })).await?.user;
            found.ok_or_else(|| ApiError::not_found("Nobody here has this name."))
        }
    });
    move || match profile.state.get() {
        Load::Loading => view! { <PageSkeleton /> }.into_any(),
        Load::Ready(person) => view! { <Published person=person /> }.into_any(),
        Load::Failed(error) if !error.can_retry() => {
            view! { <MissingPage text="Nobody here has this name." /> }.into_any()
        }
        Load::Failed(error) => {
            view! { <ErrorState error=error retry=move |()| profile.retry() /> }.into_any()
        }
    }
}

#[component]
fn Published(person: Profile) -> impl IntoView {
    let session = use_session();
    let name = StoredValue::new(person.username.clone());
    let own = Memo::new(move |_| session.username() == Some(name.get_value()));
    let list = use_videos(move || Filter { uploader: Some(name.get_value()), ..Filter::default() });
    let videos = match person.video_count {
        1 => "1 video".to_owned(),
        many => format!("{} videos", count(i64::from(many))),
    };
    let since = person.created_at.0.get(..4).unwrap_or_default().to_owned();
    let initial = person.username.chars().next().map(String::from);
    view! {
        <div class="wide-page">
            <header class="person">
                <span class="avatar" aria-hidden="true">
                    {initial}
                </span>
                <div>
                    <h1>"@" {person.username}</h1>
                    <p class="soft">{videos} " · here since " {since}</p>
                </div>
                <Show when=move || own.get()>
                    <a class="button" href="/studio">
                        "Manage videos"
                    </a>
                </Show>
            </header>
            <VideoGrid
                list=list
                empty=move || {
                    if own.get() {
                        view! {
                            <EmptyState
                                icon=Icon::Film
                                text="You have published nothing yet."
                                action=("Upload a video", "/upload".to_owned())
                            />
                        }
                            .into_any()
                    } else {
                        view! { <EmptyState icon=Icon::Film text="Nothing is published here yet." /> }.into_any()
                    }
                }
            />
        </div>
    }
}

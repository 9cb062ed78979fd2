//! What stands with the video: its name, whose it is, what can be done with it, what it is about.

use leptos::prelude::*;

use super::{chapters::ChapterList, origin::OriginLine};
use crate::{
    api::{TagName, VideoDetails, Visibility},
    feature::browse::tag_href,
    player::actions::Actions,
    ui::{Glyph, Icon, RelativeTime, count},
};

/// The text and the actions under or beside a video.
#[component]
pub fn Details(video: RwSignal<VideoDetails>, goal_ms: RwSignal<Option<f64>>) -> impl IntoView {
    let VideoDetails {
        title,
        uploader,
        tags,
        description,
        view_count,
        viewer_can_edit,
        visibility,
        playable,
        origin,
        ..
    } = video.get_untracked();
    let when =
        video.with_untracked(|video| video.published_at.clone().unwrap_or_else(|| video.created_at.clone()));
    let views = match view_count {
        1 => "1 view".to_owned(),
        many => format!("{} views", count(i64::from(many))),
    };
    let chapters = Memo::new(move |_| video.with(|video| video.chapters.clone()));
    let initial = uploader.username.chars().next().map(String::from);
    let profile_href = format!("/@{}", uploader.username);
    let edit_href = video.with_untracked(|video| format!("/studio?edit={}", video.id.inner()));
    view! {
        <div class="watch-text">
            <header class="watch-head">
                <h1 class="watch-title">{title}</h1>
                <p class="watch-meta soft">
                    <span>{views}</span> <RelativeTime at=when /> <VisibilityNote visibility=visibility />
                </p>
            </header>
            <div class="watch-do">
                {playable.then(|| view! { <Actions video=video /> })}
                <div class="watch-by">
                    <a class="watch-uploader" href=profile_href>
                        <span class="avatar small" aria-hidden="true">
                            {initial}
                        </span>
                        <span>{uploader.username}</span>
                    </a>
                    {viewer_can_edit
                        .then(|| {
                            view! {
                                <a class="button" href=edit_href>
                                    <Glyph icon=Icon::Edit />
                                    <span>"Edit"</span>
                                </a>
                            }
                        })}
                </div>
            </div>
            <div class="watch-about">
                {(!tags.is_empty()).then(|| view! { <Tags tags=tags /> })}
                {origin.map(|origin| view! { <OriginLine origin /> })}
                {move || {
                    let chapters = chapters.get();
                    (playable && !chapters.is_empty()).then(|| view! { <ChapterList chapters goal_ms /> })
                }}
                {(!description.is_empty()).then(|| view! { <p class="description">{description}</p> })}
            </div>
        </div>
    }
}

#[component]
fn Tags(tags: Vec<TagName>) -> impl IntoView {
    view! {
        <ul class="tags" aria-label="Tags">
            {tags
                .into_iter()
                .map(|tag| {
                    let href = tag_href(&tag.name);
                    view! {
                        <li>
                            <a class="tag" href=href>
                                {tag.name}
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn VisibilityNote(visibility: Visibility) -> impl IntoView {
    let (icon, text) = match visibility {
        Visibility::Public => return None,
        Visibility::Unlisted => (Icon::Link, "Unlisted: whoever has the link"),
        Visibility::Private => (Icon::Private, "Private: only you"),
    };
    Some(view! {
        <span class="watch-visibility">
            <Glyph icon=icon />
            {text}
        </span>
    })
}

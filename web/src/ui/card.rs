//! A video in a grid: its picture, how long it is, what it is called and whose it is.

use leptos::{ev, html, prelude::*};

use super::{Glyph, Icon, RelativeTime, card_loop::CardLoop, format, rows::Place};
use crate::api::{VideoCard, VideoState, Visibility};

/// One card of a grid.
#[component]
pub fn CardView(card: VideoCard, place: Signal<Place>) -> impl IntoView {
    let href = format!("/watch/{}", card.id.inner());
    let profile = format!("/@{}", card.uploader.username);
    let when = card.published_at.clone().unwrap_or_else(|| card.created_at.clone());
    let views = match card.view_count {
        1 => "1 view".to_owned(),
        many => format!("{} views", format::count(i64::from(many))),
    };
    let title = card.title.clone();
    let moving = CardLoop::new(card.loop_url.is_some());
    let picture = NodeRef::<html::A>::new();
    let stars = card.average_stars.map(|stars| {
        view! {
            <span class="card-stars" title="Average of ten stars">
                <Glyph icon=Icon::Star filled=true />
                {format!("{stars:.1}")}
            </span>
        }
    });
    view! {
        <article class="card" style:width=move || format!("{}px", place.get().width)>
            <a
                node_ref=picture
                class="card-picture"
                href=href.clone()
                style:height=move || format!("{}px", place.get().height)
                on:pointerenter=move |event: ev::PointerEvent| {
                    if event.pointer_type() == "mouse" {
                        moving.come();
                    }
                }
                on:pointerleave=move |_| moving.leave()
                on:focus=move |_| {
                    // A finger that taps gives the focus as well.
                    let by_key = picture.get_untracked().is_some_and(|it| it.matches(":focus-visible") == Ok(true));
                    if by_key {
                        moving.come();
                    }
                }
                on:blur=move |_| moving.leave()
            >
                <Poster url=card.poster_url.clone() />
                {moving.view(card.loop_url.clone())}
                <Badge state=card.state visibility=card.visibility />
                {card.duration_ms.map(|ms| view! { <span class="card-time">{format::duration(i64::from(ms))}</span> })}
                <span class="unseen">{card.title.clone()}</span>
            </a>
            <div class="card-text">
                <h3 class="card-title" title=title>
                    <a href=href tabindex="-1">
                        {card.title}
                    </a>
                </h3>
                <p class="card-meta">
                    <a href=profile>{card.uploader.username}</a>
                </p>
                <p class="card-meta">
                    {stars} <span>{views}</span> <RelativeTime at=when />
                </p>
            </div>
        </article>
    }
}

/// A poster that fades in, or a quiet frame where there is none or it does not load.
#[component]
fn Poster(url: Option<String>) -> impl IntoView {
    let broken = RwSignal::new(url.is_none());
    view! {
        <Show when=move || !broken.get() fallback=|| view! { <span class="card-blank"><Glyph icon=Icon::Film /></span> }>
            <img src=url.clone() alt="" loading="lazy" decoding="async" on:error=move |_| broken.set(true) />
        </Show>
    }
}

#[component]
fn Badge(state: VideoState, visibility: Visibility) -> impl IntoView {
    let text = match (state, visibility) {
        (VideoState::Processing, _) => "Processing",
        (VideoState::Failed, _) => "Failed",
        (VideoState::Ready, Visibility::Private) => "Private",
        (VideoState::Ready, Visibility::Unlisted) => "Unlisted",
        (VideoState::Ready, Visibility::Public) => return None,
    };
    Some(view! { <span class="card-badge" class:failed=state == VideoState::Failed>{text}</span> })
}

//! What a slot looks like: the picture in its shape, its words, its buttons.

use leptos::prelude::*;

use super::{
    control::Feed,
    pages::Entry,
    slot::{Slot, video_of},
    wheel::Step,
};
use crate::{
    player::{
        CaptionsAction, PosterOver, SeekBar, TroubleOver, Waiting,
        actions::{DownloadButton, FavoriteButton, ShareButton, StarButton},
        count_views,
    },
    ui::{Button, Glyph, Icon},
};

/// One slot. `on_tap` is a press on the picture itself.
#[component]
pub fn SlotView(feed: Feed, shows: Slot, on_tap: Callback<()>) -> impl IntoView {
    let slot = shows;
    let playback = slot.playback;
    let video_id = Memo::new(move |_| {
        slot.entry.with(|entry| video_of(entry.as_ref()).map(|video| video.id.inner().to_owned()))
    });
    count_views(playback, video_id.into());
    let title = Memo::new(move |_| {
        slot.entry
            .with(|entry| video_of(entry.as_ref()).map_or_else(String::new, |video| video.title.clone()))
    });
    let poster = Memo::new(move |_| {
        slot.entry.with(|entry| video_of(entry.as_ref()).and_then(|v| v.poster_url.clone()))
    });
    let storyboard = Memo::new(move |_| {
        slot.entry.with(|entry| video_of(entry.as_ref()).and_then(|v| v.storyboard_url.clone()))
    });
    let ratio = Memo::new(move |_| {
        slot.entry.with(|entry| video_of(entry.as_ref()).map_or(0.5625, |v| v.aspect_ratio()))
    });
    let is_active = Memo::new(move |_| slot.index.get() == Some(feed.current.get()));
    let is_video = Memo::new(move |_| slot.entry.with(|entry| matches!(entry, Some(Entry::Video(_)))));
    let is_end = Memo::new(move |_| slot.entry.with(|entry| matches!(entry, Some(Entry::End))));
    let rests = move || {
        !playback.playing.get()
            && !playback.waiting.get()
            && is_active.get()
            && playback.trouble.get().is_none()
            && playback.shown.get()
    };

    view! {
        <article
            node_ref=slot.element
            class="slot"
            class:tall=move || { ratio.get() < 0.8 }
            class:hidden=move || !is_video.get()
            class:ends=is_end
            style=move || format!("--ratio: {:.4}", ratio.get())
            aria-label=title
            inert=move || !is_active.get()
        >
            <Show when=move || poster.get().is_some()>
                <img class="slot-glow" src=move || poster.get() alt="" draggable="false" />
            </Show>
            <div class="slot-frame" on:click=move |_| on_tap.run(())>
                {playback.view(true, title.into(), slot.captions)}
                <PosterOver playback url=poster />
                <Waiting playback />
                <Show when=rests>
                    <div class="big-play" aria-hidden="true">
                        <Glyph icon=Icon::Play filled=true />
                    </div>
                </Show>
                <TroubleOver playback />
                <div class="slot-shade" aria-hidden="true"></div>
                <div class="slot-seek">
                    <SeekBar playback storyboard=storyboard />
                </div>
            </div>
            <Show when=move || is_video.get()>
                <SlotWords of=slot />
                <div class="slot-actions">
                    <StarButton actions=slot.actions />
                    <FavoriteButton actions=slot.actions />
                    <ShareButton actions=slot.actions />
                    <DownloadButton actions=slot.actions />
                    <CaptionsAction captions=slot.captions />
                </div>
            </Show>
            <Show when=move || is_end.get()>
                <div class="state slot-end">
                    <h2>"That is everything for now"</h2>
                    <p>"It goes on from here in a new order."</p>
                    <Button label="Start again" icon=Icon::ChevronDown on_press=move |_| feed.go(Step::Next) />
                </div>
            </Show>
        </article>
    }
}

/// Title, uploader, tags, and why the video is here.
#[component]
fn SlotWords(of: Slot) -> impl IntoView {
    let words = move || {
        of.entry.with(|entry| {
            let Some(Entry::Video(item)) = entry else { return None };
            let (video, why) = (&item.video, item.why.clone());
            let watch = format!("/watch/{}", video.id.inner());
            let profile = format!("/@{}", video.uploader.username);
            let tags = video.tags.iter().map(|tag| {
                let href = format!("/tag/{}", String::from(js_sys::encode_uri_component(&tag.name)));
                view! {
                    <li>
                        <a href=href draggable="false">
                            "#"
                            {tag.name.clone()}
                        </a>
                    </li>
                }
            });
            let description = Some(video.description.clone()).filter(|text| !text.trim().is_empty());
            Some(view! {
                <h2 class="slot-title">
                    <a href=watch draggable="false">
                        {video.title.clone()}
                    </a>
                </h2>
                <p class="slot-by">
                    <a href=profile draggable="false">
                        {video.uploader.username.clone()}
                    </a>
                </p>
                {description.map(|text| view! { <p class="slot-description">{text}</p> })}
                <ul class="slot-tags">{tags.collect_view()}</ul>
                <p class="slot-why">{why}</p>
            })
        })
    };
    view! { <div class="slot-words">{words}</div> }
}

//! The player of a video's own page.

use leptos::{ev, html, prelude::*};

use super::{
    captions::Captions,
    controls::Controls,
    focus::is_free_key,
    idle::Idle,
    keys::{PlayerKey, player_key},
    overlay::{PosterOver, TroubleOver, Waiting},
    playback::Playback,
    screen,
    sound::use_sound,
    source::Source,
    views::count_views,
};
use crate::{
    api::VideoDetails,
    ui::{Glyph, Icon, effect},
};

/// Plays `video` from `start_ms`, as large as the place it stands in. Keys work anywhere on the page: space and
/// k, j and l, arrows, m, f, 0 to 9.
#[component]
pub fn Player(
    #[prop(into)] video: Signal<VideoDetails>,
    #[prop(default = 0)] start_ms: u32,
    /// Begins by itself, silently where the browser wants a gesture before sound.
    #[prop(default = true)]
    autoplay: bool,
    /// Where something outside the player wants it to be.
    #[prop(optional)]
    goal_ms: Option<RwSignal<Option<f64>>>,
) -> impl IntoView {
    use_sound().prepare(true);
    let source = Memo::new(move |_| video.with(Source::of));
    let playback = Playback::new();
    let captions = Captions::new(Signal::derive(move || Some(video.get())));
    let chapters = Memo::new(move |_| video.with(|video| video.chapters.clone()));
    let storyboard = Memo::new(move |_| video.with(|video| video.storyboard_url.clone()));
    let loudness = Memo::new(move |_| video.with(|video| video.loudness_lufs));
    effect(move || playback.loudness.set(loudness.get()));
    let frame = NodeRef::<html::Div>::new();
    if let Some(goal_ms) = goal_ms {
        effect(move || {
            if let Some(goal) = goal_ms.get() {
                playback.seek_ms(goal);
                playback.play();
            }
        });
    }
    let menu_open = RwSignal::new(false);
    let fullscreen = RwSignal::new(false);
    let idle = Idle::new(Signal::derive(move || playback.playing.get() && !menu_open.get()));

    // Only another video, or another address of it, loads anew; a changed title does not.
    let address =
        Memo::new(move |_| source.with(|source| source.as_ref().map(|source| source.hls_url.clone())));
    effect(move || match address.get() {
        Some(url) => {
            playback.load(&url, f64::from(start_ms), true);
            if autoplay {
                playback.play();
            }
        }
        None => playback.close(),
    });
    let video_id =
        Memo::new(move |_| source.with(|source| source.as_ref().map(|source| source.video_id.clone())));
    count_views(playback, video_id.into());

    let toggle_fullscreen = Callback::new(move |()| {
        if let (Some(frame), Some(video)) = (frame.get_untracked(), playback.element.get_untracked()) {
            screen::toggle_fullscreen(&frame, &video);
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        idle.wake();
        let Some(key) = is_free_key(&event).then(|| player_key(&event.key())).flatten() else { return };
        event.prevent_default();
        act(key, playback, captions, video, toggle_fullscreen);
    });
    let screen_changed = window_event_listener_untyped("fullscreenchange", move |_| {
        fullscreen.set(screen::is_fullscreen());
    });
    on_cleanup(move || {
        keys.remove();
        screen_changed.remove();
    });

    // A touch on a bare picture only brings the controls; everything else plays or pauses.
    let bare_touch = StoredValue::new(false);
    let press = move |event: ev::PointerEvent| {
        bare_touch.set_value(event.pointer_type() == "touch" && !idle.shows_controls_untracked());
        idle.wake();
    };
    let click = move |_| {
        if !bare_touch.get_value() && playback.trouble.with_untracked(Option::is_none) {
            playback.toggle();
        }
    };
    let label = Signal::derive(move || video.with(|video| video.title.clone()));
    let poster = Memo::new(move |_| video.with(|video| video.poster_url.clone()));

    view! {
        <div
            node_ref=frame
            class="player"
            class:bare=move || !idle.shows_controls()
            on:pointerdown=press
            on:pointermove=move |event| {
                if event.pointer_type() != "touch" {
                    idle.wake();
                }
            }
            on:pointerleave=move |event| {
                if event.pointer_type() != "touch" {
                    idle.leave();
                }
            }
            on:click=click
            on:dblclick=move |_| toggle_fullscreen.run(())
        >
            {playback.view(false, label, captions)}
            <PosterOver playback url=poster />
            <Waiting playback />
            <Show when=move || {
                !playback.playing.get() && !playback.waiting.get() && playback.trouble.get().is_none()
            }>
                <div class="big-play" aria-hidden="true">
                    <Glyph
                        icon=Signal::derive(move || if playback.ended.get() { Icon::Retry } else { Icon::Play })
                        filled=Signal::derive(move || !playback.ended.get())
                    />
                </div>
            </Show>
            <TroubleOver playback />
            <Controls
                playback
                captions
                chapters=chapters.into()
                storyboard=storyboard.into()
                menu_open
                fullscreen
                on_fullscreen=toggle_fullscreen
            />
        </div>
    }
}

fn act(
    key: PlayerKey,
    playback: Playback,
    captions: Captions,
    video: Signal<VideoDetails>,
    fullscreen: Callback<()>,
) {
    match key {
        PlayerKey::TogglePlay => playback.toggle(),
        PlayerKey::ToggleCaptions => captions.toggle(),
        PlayerKey::ToggleMute => use_sound().toggle(),
        PlayerKey::ToggleFullscreen => fullscreen.run(()),
        PlayerKey::SkipMs(by) => {
            video.with_untracked(|video| playback.step_ms(by, video.slides.as_deref()));
        }
        PlayerKey::Seek(fraction) => playback.seek_ms(playback.duration_ms.get_untracked() * fraction),
        PlayerKey::Volume(by) => {
            let sound = use_sound();
            let now = if sound.muted.get_untracked() { 0.0 } else { sound.volume.get_untracked() };
            sound.set_volume(now + by);
        }
    }
}

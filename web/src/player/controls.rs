//! The bar under a video on its own page.

use leptos::{ev, html, prelude::*};

use super::{
    captions::{Captions, CaptionsButton},
    playback::Playback,
    screen,
    seek_bar::SeekBar,
    settings::SettingsMenu,
    sound::use_sound,
    time,
};
use crate::{
    api::Chapter,
    ui::{Icon, IconButton},
};

/// Play, position, sound, quality, speed, small window, full screen.
#[component]
pub fn Controls(
    playback: Playback,
    captions: Captions,
    chapters: Signal<Vec<Chapter>>,
    storyboard: Signal<Option<String>>,
    menu_open: RwSignal<bool>,
    fullscreen: RwSignal<bool>,
    on_fullscreen: Callback<()>,
) -> impl IntoView {
    let play_icon = Signal::derive(move || match (playback.playing.get(), playback.ended.get()) {
        (true, _) => Icon::Pause,
        (false, true) => Icon::Retry,
        (false, false) => Icon::Play,
    });
    let play_label = Signal::derive(move || {
        let label = match play_icon.get() {
            Icon::Pause => "Pause",
            Icon::Retry => "Play again",
            _ => "Play",
        };
        label.to_owned()
    });
    let screen_icon = Signal::derive(move || if fullscreen.get() { Icon::Minimize } else { Icon::Maximize });
    let screen_label =
        Signal::derive(move || if fullscreen.get() { "Leave full screen" } else { "Full screen" }.to_owned());
    let small_window = screen::has_picture_in_picture().then(|| {
        let press = move |_| {
            if let Some(video) = playback.element.get_untracked() {
                screen::toggle_picture_in_picture(&video);
            }
        };
        view! { <IconButton icon=Icon::PictureInPicture label="Picture in picture" on_press=press /> }
    });
    view! {
        <div
            class="controls"
            on:click=|event| event.stop_propagation()
            on:dblclick=|event| event.stop_propagation()
        >
            <SeekBar playback chapters=chapters storyboard=storyboard />
            <div class="controls-row">
                <IconButton icon=play_icon label=play_label on_press=move |_| playback.toggle() />
                <Volume />
                <span class="controls-time">
                    {move || time::clock(playback.position_ms.get())} " / "
                    {move || time::clock(playback.duration_ms.get())}
                </span>
                <span class="controls-space"></span>
                <CaptionsButton captions />
                <SettingsMenu playback captions open=menu_open />
                {small_window}
                <IconButton icon=screen_icon label=screen_label on_press=move |_| on_fullscreen.run(()) />
            </div>
        </div>
    }
}

/// Mute, and a slider that opens beside it where there is a pointer to hover with.
#[component]
fn Volume() -> impl IntoView {
    let sound = use_sound();
    let (muted, volume) = (sound.muted.clone(), sound.volume.clone());
    let silent = {
        let muted = muted.clone();
        Signal::derive(move || muted.get())
    };
    let level = Signal::derive(move || if muted.get() { 0.0 } else { volume.get() });
    let icon = Signal::derive(move || if silent.get() { Icon::Muted } else { Icon::Sound });
    let label = Signal::derive(move || if silent.get() { "Sound on" } else { "Mute" }.to_owned());
    let input = NodeRef::<html::Input>::new();
    // A local wrapper: the handlers below must be able to cross into callbacks that ask for `Send`.
    let toggle = move |_: ev::MouseEvent| use_sound().toggle();
    let change = move |_| {
        if let Some(input) = input.get_untracked() {
            use_sound().set_volume(input.value_as_number());
        }
    };
    view! {
        <div class="volume" data-sound="">
            <IconButton icon=icon label=label on_press=toggle />
            <input
                node_ref=input
                class="volume-slider"
                type="range"
                min="0"
                max="1"
                step="0.05"
                aria-label="Volume"
                prop:value=move || level.get().to_string()
                style=move || format!("--level: {}", level.get())
                on:input=change
            />
        </div>
    }
}

//! Quality, captions and speed, behind one button.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    captions::{Captions, choose, name_of},
    playback::Playback,
};
use crate::ui::{Icon, IconButton};

const RATES: [(f64, &str); 6] =
    [(0.5, "0.5×"), (0.75, "0.75×"), (1.0, "Normal"), (1.25, "1.25×"), (1.5, "1.5×"), (2.0, "2×")];

/// The button and its panel; Escape or a press elsewhere closes it.
#[component]
pub fn SettingsMenu(playback: Playback, captions: Captions, open: RwSignal<bool>) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().map(JsCast::unchecked_into::<web_sys::Node>);
        let inside = root.get_untracked().is_some_and(|root| root.contains(target.as_ref()));
        if !inside && open.get_untracked() {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
            // What had the focus is gone with the panel.
            let button = root.get_untracked().and_then(|root| root.query_selector("button").ok().flatten());
            if let Some(button) = button {
                // A button that cannot be focused leaves the focus where it fell.
                let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
            }
        }
    };
    view! {
        <div node_ref=root class="player-settings" on:keydown=escape on:click=|event| event.stop_propagation()>
            <IconButton
                icon=Icon::Settings
                label="Quality, captions and speed"
                pressed=Signal::from(open)
                on_press=move |_| open.update(|open| *open = !*open)
            />
            <Show when=move || open.get()>
                <div class="player-panel" role="menu" aria-label="Quality, captions and speed">
                    <Show when=move || { playback.levels.with(|levels| levels.len() > 1) }>
                        <QualityChoice playback />
                    </Show>
                    <Show when=move || { captions.all.with(|all| !all.is_empty()) }>
                        <CaptionsChoice captions />
                    </Show>
                    <div class="player-choice" role="group" aria-label="Speed">
                        <p class="player-choice-name">"Speed"</p>
                        {RATES
                            .into_iter()
                            .map(|(rate, name)| {
                                view! {
                                    <button
                                        type="button"
                                        role="menuitemradio"
                                        aria-checked=move || (playback.rate.get() == rate).to_string()
                                        on:click=move |_| playback.rate.set(rate)
                                    >
                                        {name}
                                    </button>
                                }
                            })
                            .collect_view()}
                    </div>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn QualityChoice(playback: Playback) -> impl IntoView {
    let now = move || {
        let choice = playback.level.get();
        let name = playback.levels.with(|levels| {
            levels.iter().find(|level| level.index == choice.index).map(|level| level.label())
        });
        name.filter(|_| choice.auto).map_or_else(|| "Auto".to_owned(), |name| format!("Auto ({name})"))
    };
    view! {
        <div class="player-choice" role="group" aria-label="Quality">
            <p class="player-choice-name">"Quality"</p>
            <button
                type="button"
                role="menuitemradio"
                aria-checked=move || playback.level.get().auto.to_string()
                on:click=move |_| playback.set_level(-1)
            >
                {now}
            </button>
            {move || {
                playback
                    .levels
                    .get()
                    .into_iter()
                    .map(|level| {
                        let index = level.index;
                        let chosen = move || {
                            let choice = playback.level.get();
                            (!choice.auto && choice.index == index).to_string()
                        };
                        view! {
                            <button
                                type="button"
                                role="menuitemradio"
                                aria-checked=chosen
                                on:click=move |_| playback.set_level(index)
                            >
                                {level.label()}
                            </button>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}

#[component]
fn CaptionsChoice(captions: Captions) -> impl IntoView {
    view! {
        <div class="player-choice" role="group" aria-label="Captions">
            <p class="player-choice-name">"Captions"</p>
            <button
                type="button"
                role="menuitemradio"
                aria-checked=move || captions.now.with(Option::is_none).to_string()
                on:click=move |_| choose(None)
            >
                "Off"
            </button>
            <For each=move || captions.all.get() key=|caption| caption.url.clone() let(caption)>
                {
                    let name = name_of(&caption);
                    let language = StoredValue::new(caption.language);
                    let is_on = move || {
                        captions.now.with(|now| language.with_value(|language| now.as_ref() == Some(language)))
                    };
                    view! {
                        <button
                            type="button"
                            role="menuitemradio"
                            aria-checked=move || is_on().to_string()
                            on:click=move |_| choose(Some(language.get_value()))
                        >
                            {name}
                        </button>
                    }
                }
            </For>
        </div>
    }
}

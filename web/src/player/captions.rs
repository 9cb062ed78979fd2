//! Text over the picture: the tracks of a video, and the viewer's choice among languages, which holds for the
//! whole site and is remembered in their browser.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    api::{Caption, VideoDetails},
    ui::{Glyph, Icon, IconButton, effect},
};

const STORAGE_KEY: &str = "kinora.captions";

thread_local! {
    static CHOICE: ArcRwSignal<Option<String>> = ArcRwSignal::new(remembered());
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn remembered() -> Option<String> {
    storage()?.get_item(STORAGE_KEY).ok().flatten().filter(|language| !language.is_empty())
}

/// The language that the viewer reads; none while captions are off.
fn choice() -> ArcRwSignal<Option<String>> {
    CHOICE.with(Clone::clone)
}

/// Turns captions on in a language, or off.
pub fn choose(language: Option<String>) {
    if let Some(storage) = storage() {
        // A browser that keeps nothing forgets the choice with the page.
        let _ = storage.set_item(STORAGE_KEY, language.as_deref().unwrap_or_default());
    }
    choice().set(language);
}

/// Of what a video has, what fits the viewer's choice: that language, or the same one of another region.
fn shown(captions: &[Caption], choice: Option<&str>) -> Option<String> {
    let choice = choice?;
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    captions
        .iter()
        .find(|caption| caption.language == choice)
        .or_else(|| captions.iter().find(|caption| primary(&caption.language) == primary(choice)))
        .map(|caption| caption.language.clone())
}

/// What a video's captions are to a player.
#[derive(Clone, Copy)]
pub struct Captions {
    pub all: Memo<Vec<Caption>>,
    /// The language on the picture now.
    pub now: Memo<Option<String>>,
}

impl Captions {
    /// Of the video that is shown at the moment.
    pub fn new(video: Signal<Option<VideoDetails>>) -> Self {
        let all = Memo::new(move |_| {
            video.with(|video| video.as_ref().map_or_else(Vec::new, |video| video.captions.clone()))
        });
        let choice = choice();
        let now = Memo::new(move |_| all.with(|all| shown(all, choice.get().as_deref())));
        Self { all, now }
    }

    /// On in the viewer's language, else in the page's, else in the first; or off.
    pub fn toggle(self) {
        if self.now.get_untracked().is_some() {
            return choose(None);
        }
        let own = window().navigator().language();
        let first = self.all.with_untracked(|all| {
            shown(all, own.as_deref()).or_else(|| all.first().map(|caption| caption.language.clone()))
        });
        if first.is_some() {
            choose(first);
        }
    }

    /// The `track` element of the language that is read, to stand inside a `video`. The others are not there:
    /// of tracks that nobody has touched, browsers show what they think best.
    pub fn tracks(self) -> impl IntoView {
        let shown = move || {
            let now = self.now.get()?;
            self.all.with(|all| all.iter().find(|caption| caption.language == now).cloned())
        };
        view! {
            <For each=shown key=|caption| caption.url.clone() let(caption)>
                <Track caption />
            </For>
        }
    }
}

#[component]
fn Track(caption: Caption) -> impl IntoView {
    let element = NodeRef::<html::Track>::new();
    effect(move || {
        if let Some(track) = element.get().and_then(|element| element.track()) {
            track.set_mode(web_sys::TextTrackMode::Showing);
        }
    });
    view! {
        <track
            node_ref=element
            kind="captions"
            src=path_of(&caption.url)
            srclang=caption.language.clone()
            label=name_of(&caption)
        />
    }
}

/// The same address on the page's own origin: elsewhere a track would not be read.
fn path_of(url: &str) -> String {
    web_sys::Url::new(url).map_or_else(|_| url.to_owned(), |url| url.pathname() + &url.search())
}

/// What a track is called: its own label, else its language in the reader's words.
pub fn name_of(caption: &Caption) -> String {
    caption.label.clone().or_else(|| language_name(&caption.language)).unwrap_or_else(|| {
        if caption.language == "und" { "Captions".to_owned() } else { caption.language.clone() }
    })
}

/// `Intl.DisplayNames`, in English like the rest of the page.
fn language_name(tag: &str) -> Option<String> {
    if tag == "und" {
        return None;
    }
    let get = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &JsValue::from_str(name)).ok();
    let names = get(&get(&js_sys::global(), "Intl")?, "DisplayNames")?.dyn_into::<js_sys::Function>().ok()?;
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"type".into(), &"language".into()).ok()?;
    let names = js_sys::Reflect::construct(&names, &js_sys::Array::of2(&"en".into(), &options)).ok()?;
    let of = get(&names, "of")?.dyn_into::<js_sys::Function>().ok()?;
    of.call1(&names, &tag.into()).ok()?.as_string()
}

/// On or off, where a video has captions.
#[component]
pub fn CaptionsButton(captions: Captions) -> impl IntoView {
    let pressed = Signal::derive(move || captions.now.with(Option::is_some));
    view! {
        <Show when=move || captions.all.with(|all| !all.is_empty())>
            <IconButton
                icon=Icon::Captions
                label="Captions"
                pressed=pressed
                on_press=move |_| captions.toggle()
            />
        </Show>
    }
}

/// The same among the actions of the feed.
#[component]
pub fn CaptionsAction(captions: Captions) -> impl IntoView {
    let set = move || captions.now.with(Option::is_some);
    view! {
        <Show when=move || captions.all.with(|all| !all.is_empty())>
            <button
                type="button"
                class="action"
                aria-pressed=move || set().to_string()
                aria-label="Captions"
                title=move || if set() { "Captions off" } else { "Captions on" }
                on:click=move |event| {
                    event.stop_propagation();
                    captions.toggle();
                }
            >
                <Glyph icon=Icon::Captions />
                <span class="action-name">"Captions"</span>
            </button>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_stands_in_for_another_of_its_kind() {
        let caption =
            |language: &str| Caption { language: language.to_owned(), label: None, url: String::new() };
        let all = [caption("de"), caption("en-GB"), caption("en")];
        assert_eq!(shown(&all, Some("en")).as_deref(), Some("en"));
        assert_eq!(shown(&all, Some("en-US")).as_deref(), Some("en-GB"));
        assert_eq!(shown(&all, Some("fr")), None);
        assert_eq!(shown(&all, None), None);
    }
}

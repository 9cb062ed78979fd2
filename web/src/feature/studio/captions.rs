//! The captions of a video: added from files, taken away.

use cynic::MutationBuilder;
use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::{
    api::{
        self, Caption, DeleteCaption, DeleteCaptionVariables, SetCaption, SetCaptionInput,
        SetCaptionVariables,
    },
    player::caption_name,
    ui::{Button, Field, Icon, IconButton, use_toasts},
};

/// What the server takes.
const MOST_BYTES: f64 = 512.0 * 1024.0;

/// Changes are saved at once; `on_change` hears of the tracks that there are.
#[component]
pub fn CaptionEditor(
    video_id: cynic::Id,
    captions: Vec<Caption>,
    on_change: Callback<Vec<Caption>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let list = RwSignal::new(captions);
    let language = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    let video = StoredValue::new(video_id);
    let changed = move |change: &dyn Fn(&mut Vec<Caption>)| {
        if list.try_update(|list| change(list)).is_some() {
            on_change.run(list.get_untracked());
        }
    };
    let add = move |file: File| {
        let named = language.get_untracked().trim().to_owned();
        let language_tag = if named.is_empty() { language_in(&file.name()) } else { Some(named) };
        let Some(language_tag) = language_tag else {
            problem
                .set(Some("Say which language it is, such as en or pt-BR, then choose the file.".to_owned()));
            return;
        };
        if file.size() > MOST_BYTES {
            problem.set(Some("A caption has at most 512 KB.".to_owned()));
            return;
        }
        problem.set(None);
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let Some(text) = text else {
                problem.try_set(Some("The file could not be read.".to_owned()));
                return;
            };
            let video_id = video.get_value();
            let input = SetCaptionInput { video_id, language: language_tag, label: None, text };
            match api::send(SetCaption::build(SetCaptionVariables { input })).await {
                Ok(answer) => {
                    let saved = answer.set_caption;
                    changed(&|list| {
                        list.retain(|known| known.language != saved.language);
                        list.push(saved.clone());
                    });
                    language.try_set(String::new());
                    toasts.say("Captions saved");
                }
                Err(error) => {
                    problem.try_set(Some(error.message));
                }
            }
        });
    };
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let file = input.files().and_then(|files| files.get(0));
        // The same file can be chosen again.
        input.set_value("");
        if let Some(file) = file {
            add(file);
        }
    };
    let remove = move |gone: String| {
        spawn_local(async move {
            let variables = DeleteCaptionVariables { video_id: video.get_value(), language: gone.clone() };
            match api::send(DeleteCaption::build(variables)).await {
                Ok(_) => changed(&|list| list.retain(|known| known.language != gone)),
                Err(error) => toasts.fail(&error),
            }
        });
    };
    view! {
        <fieldset class="choices">
            <legend>"Captions"</legend>
            <ul class="caption-list">
                <For each=move || list.get() key=|caption| caption.url.clone() let(caption)>
                    {
                        let name = caption_name(&caption);
                        let label = format!("Remove captions: {name}");
                        let tag = caption.language.clone();
                        view! {
                            <li>
                                <span>{name}</span>
                                <IconButton icon=Icon::Delete label=label on_press=move |_| remove(tag.clone()) />
                            </li>
                        }
                    }
                </For>
            </ul>
            <div class="caption-add">
                <Field
                    label="Language"
                    name="caption-language"
                    value=language
                    error=problem
                    hint="Such as en, de or pt-BR"
                    max_length=35_u32
                />
                <input
                    node_ref=input
                    type="file"
                    hidden
                    accept=".vtt,.srt,text/vtt"
                    aria-label="Caption file"
                    on:change=chosen
                />
                <Button
                    label="Choose a .vtt or .srt file"
                    icon=Icon::Captions
                    on_press=move |_| {
                        if let Some(input) = input.get_untracked() {
                            input.click();
                        }
                    }
                />
            </div>
        </fieldset>
    }
}

/// The language in a name such as `film.pt-BR.srt`.
fn language_in(name: &str) -> Option<String> {
    let (stem, _) = name.rsplit_once('.')?;
    let (_, tag) = stem.rsplit_once('.')?;
    let first = tag.split(['-', '_']).next()?;
    let is_tag = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    is_tag.then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::language_in;

    #[test]
    fn a_language_is_found_in_a_name() {
        assert_eq!(language_in("film.en.vtt").as_deref(), Some("en"));
        assert_eq!(language_in("a.b.pt-BR.srt").as_deref(), Some("pt-BR"));
        assert_eq!(language_in("film.srt"), None);
        assert_eq!(language_in("film.2024.srt"), None);
    }
}

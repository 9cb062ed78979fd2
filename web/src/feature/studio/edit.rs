//! Changing what a video is called, what it is about, its tags and who may see it.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{captions::CaptionEditor, chapters, replace, tags};
use crate::{
    api::{self, UpdateVideo, UpdateVideoInput, UpdateVideoVariables, VideoDetails, Visibility},
    ui::{Button, Dialog, Field, Kind, Paged, TextArea, effect, focus_first_mistake, use_toasts},
};

const TITLE_LENGTH: u32 = 200;
const DESCRIPTION_LENGTH: u32 = 10_000;

/// The editor of the video in `editing`.
#[component]
pub fn EditDialog(editing: RwSignal<Option<VideoDetails>>, list: Paged<VideoDetails>) -> impl IntoView {
    let open = RwSignal::new(false);
    effect(move || open.set(editing.with(Option::is_some)));
    effect(move || {
        if !open.get() && editing.with_untracked(Option::is_some) {
            editing.set(None);
        }
    });
    view! {
        <Dialog open=open title="Edit video">
            {move || editing.get().map(|video| view! { <EditForm video=video list=list editing=editing /> })}
        </Dialog>
    }
}

#[component]
fn EditForm(
    video: VideoDetails,
    list: Paged<VideoDetails>,
    editing: RwSignal<Option<VideoDetails>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let title = RwSignal::new(video.title.clone());
    let description = RwSignal::new(video.description.clone());
    let typed_tags =
        RwSignal::new(video.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", "));
    let typed_chapters = RwSignal::new(chapters::written(&video.chapters));
    let old_chapters = StoredValue::new(video.chapters.clone());
    let visibility = RwSignal::new(video.visibility);
    let protected = RwSignal::new(video.protected);
    let under_way = video.protected != video.encrypted && video.playable;
    let problem = RwSignal::new(None::<(String, String)>);
    let busy = RwSignal::new(false);
    let at = move |field: &'static str| {
        Signal::derive(move || {
            problem
                .with(|problem| problem.as_ref().filter(|(at, _)| at == field).map(|(_, text)| text.clone()))
        })
    };
    let elsewhere = move || {
        problem.with(|problem| {
            let known = ["title", "description", "tags", "chapters"];
            problem.as_ref().filter(|(at, _)| !known.contains(&at.as_str())).map(|(_, text)| text.clone())
        })
    };

    let edited = StoredValue::new(video.clone());
    let captions_changed = Callback::new(move |captions| {
        edited.update_value(|video| video.captions = captions);
        replace(list, edited.get_value());
    });
    let id = video.id.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        problem.set(None);
        let new_title = title.get_untracked().trim().to_owned();
        if new_title.is_empty() {
            problem.set(Some(("title".to_owned(), "Give it a title.".to_owned())));
            focus_first_mistake();
            return;
        }
        let new_tags = match tags::parse(&typed_tags.get_untracked()) {
            Ok(new_tags) => new_tags,
            Err(text) => {
                problem.set(Some(("tags".to_owned(), text)));
                focus_first_mistake();
                return;
            }
        };
        let new_chapters =
            old_chapters.with_value(|old| chapters::parse(&typed_chapters.get_untracked(), old));
        let new_chapters = match new_chapters {
            Ok(new_chapters) => new_chapters,
            Err(text) => {
                problem.set(Some(("chapters".to_owned(), text)));
                focus_first_mistake();
                return;
            }
        };
        let input = UpdateVideoInput {
            id: id.clone(),
            title: Some(new_title),
            description: Some(description.get_untracked().trim().to_owned()),
            tags: Some(new_tags),
            visibility: Some(visibility.get_untracked()),
            protected: Some(protected.get_untracked()),
            chapters: Some(new_chapters),
        };
        busy.set(true);
        spawn_local(async move {
            match api::send(UpdateVideo::build(UpdateVideoVariables { input })).await {
                Ok(answer) => {
                    replace(list, answer.update_video);
                    editing.try_set(None);
                    toasts.say("Saved");
                }
                Err(error) => {
                    let field = error.field.as_deref().unwrap_or_default();
                    let field = field.rsplit('.').next().unwrap_or_default().to_owned();
                    problem.try_set(Some((field, error.message)));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };

    view! {
        <form on:submit=submit novalidate>
            <div role="alert">{move || elsewhere().map(|text| view! { <p class="form-error">{text}</p> })}</div>
            <Field label="Title" name="title" value=title error=at("title") max_length=TITLE_LENGTH />
            <TextArea
                label="Description"
                name="description"
                value=description
                error=at("description")
                max_length=DESCRIPTION_LENGTH
            />
            <Field label="Tags" name="tags" value=typed_tags error=at("tags") hint="Separate with commas" />
            <VisibilityPicker value=visibility protected=protected />
            <ProtectionSwitch value=protected under_way=under_way />
            <TextArea
                label="Chapters"
                name="chapters"
                value=typed_chapters
                error=at("chapters")
                rows=3
                hint="A time and a name on each line, such as 1:30 The storm"
            />
            <CaptionEditor video_id=video.id.clone() captions=video.captions.clone() on_change=captions_changed />
            <footer class="dialog-foot">
                <Button label="Cancel" kind=Kind::Quiet on_press=move |_| editing.set(None) />
                <Button label="Save" kind=Kind::Primary busy=busy />
            </footer>
        </form>
    }
}

#[component]
fn VisibilityPicker(value: RwSignal<Visibility>, protected: RwSignal<bool>) -> impl IntoView {
    const CHOICES: [(Visibility, &str, &str); 3] = [
        (Visibility::Public, "Public", "Everybody sees it, and the feed shows it."),
        (Visibility::Unlisted, "Unlisted", "Whoever has the link sees it."),
        (Visibility::Private, "Private", "Only you see it."),
    ];
    view! {
        <fieldset class="choices">
            <legend>"Who may see it"</legend>
            {CHOICES
                .into_iter()
                .map(|(choice, name, meaning)| {
                    view! {
                        <label class="choice">
                            <input
                                type="radio"
                                name="visibility"
                                prop:checked=move || value.get() == choice
                                on:change=move |_| {
                                    value.set(choice);
                                    if choice == Visibility::Private {
                                        protected.set(true);
                                    }
                                }
                            />
                            <span>
                                <strong>{name}</strong>
                                <span class="soft">{meaning}</span>
                            </span>
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
    }
}

/// Encrypted or not. What can be watched already is written anew for it, which takes its time.
#[component]
fn ProtectionSwitch(value: RwSignal<bool>, under_way: bool) -> impl IntoView {
    let meaning = if under_way {
        "Not done yet: until it is, the video plays as it was."
    } else {
        "Encrypted: copies of its files are useless, and only who may watch it gets the key."
    };
    view! {
        <fieldset class="choices">
            <label class="choice">
                <input
                    type="checkbox"
                    role="switch"
                    name="protected"
                    prop:checked=move || value.get()
                    on:change=move |event| value.set(event_target_checked(&event))
                />
                <span>
                    <strong>"Protected"</strong>
                    <span class="soft">{meaning}</span>
                </span>
            </label>
        </fieldset>
    }
}

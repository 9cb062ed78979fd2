//! Title, description, tags and visibility, from the first second on.

use leptos::prelude::*;

use super::{
    row::{Details, Row, Saving},
    save::{save_now, save_soon},
};
use crate::api::Visibility;

const TITLE_LENGTH: u32 = 200;
const DESCRIPTION_LENGTH: u32 = 10_000;

const CHOICES: [(Visibility, &str, &str); 3] = [
    (Visibility::Public, "public", "Public"),
    (Visibility::Unlisted, "unlisted", "Who has the link"),
    (Visibility::Private, "private", "Only me"),
];

/// What is typed is kept with the row and saved by itself.
#[component]
pub fn DetailsForm(row: Row) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Details)| {
        row.details.update(|details| change(details));
        row.saving.set(Saving::Idle);
        save_soon(row);
    };
    let id = |field: &str| format!("upload-{}-{field}", row.id);
    let more = RwSignal::new(false);
    view! {
        <form
            class="upload-details"
            on:submit=move |event| {
                event.prevent_default();
                save_now(row);
            }
        >
            <label class="unseen" for=id("title")>
                "Title"
            </label>
            <input
                id=id("title")
                class="upload-input"
                type="text"
                placeholder="Title"
                maxlength=TITLE_LENGTH
                prop:value=move || row.details.with(|details| details.title.clone())
                on:input=move |event| {
                    let title = event_target_value(&event);
                    change(&move |details| details.title = title.clone());
                }
                on:blur=move |_| save_now(row)
            />
            <label class="unseen" for=id("visibility")>
                "Who may see it"
            </label>
            <select
                id=id("visibility")
                class="upload-input"
                prop:value=move || row.details.with(|details| value_of(details.visibility))
                on:change=move |event| {
                    let chosen = event_target_value(&event);
                    if let Some((visibility, _, _)) = CHOICES.into_iter().find(|(_, value, _)| *value == chosen) {
                        change(&move |details| details.visibility = visibility);
                        save_now(row);
                    }
                }
            >
                {CHOICES
                    .into_iter()
                    .map(|(_, value, name)| view! { <option value=value>{name}</option> })
                    .collect_view()}
            </select>
            <label class="unseen" for=id("tags")>
                "Tags"
            </label>
            <input
                id=id("tags")
                class="upload-input"
                type="text"
                placeholder="Tags, separated by commas"
                autocapitalize="none"
                prop:value=move || row.details.with(|details| details.tags.clone())
                on:input=move |event| {
                    let tags = event_target_value(&event);
                    change(&move |details| details.tags = tags.clone());
                }
                on:blur=move |_| save_now(row)
            />
            <label class="unseen" for=id("description")>
                "Description"
            </label>
            <textarea
                id=id("description")
                class="upload-input"
                class:open=more
                rows="1"
                placeholder="Description"
                maxlength=DESCRIPTION_LENGTH
                prop:value=move || row.details.with(|details| details.description.clone())
                on:focus=move |_| more.set(true)
                on:input=move |event| {
                    let description = event_target_value(&event);
                    change(&move |details| details.description = description.clone());
                }
                on:blur=move |_| save_now(row)
            ></textarea>
            <p class="upload-saving" class:failed=move || matches!(row.saving.get(), Saving::Failed(_)) aria-live="polite">
                {move || match row.saving.get() {
                    Saving::Idle => String::new(),
                    Saving::UnderWay => "Saving".to_owned(),
                    Saving::Saved => "Saved".to_owned(),
                    Saving::Failed(reason) => reason,
                }}
            </p>
        </form>
    }
}

fn value_of(visibility: Visibility) -> &'static str {
    CHOICES.into_iter().find(|(choice, _, _)| *choice == visibility).map_or("public", |(_, value, _)| value)
}

//! One of a few, in the browser's own list.

use leptos::prelude::*;

/// A labelled list. What is chosen is one of `choices`, each with what it is called.
#[component]
pub fn Select<T>(
    #[prop(into)] label: String,
    /// The `name` and `id` of the list; unique on the page.
    name: &'static str,
    value: RwSignal<T>,
    choices: Vec<(T, &'static str)>,
    /// What the present choice means.
    #[prop(optional, into)]
    hint: Signal<String>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let note = format!("{name}-note");
    let options = choices
        .iter()
        .enumerate()
        .map(|(index, (choice, text))| {
            let choice = *choice;
            view! {
                <option value=index.to_string() selected=move || value.get() == choice>
                    {*text}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select
                id=name
                name=name
                aria-describedby=note.clone()
                on:change=move |event| {
                    let chosen = event_target_value(&event).parse::<usize>().ok();
                    if let Some((choice, _)) = chosen.and_then(|index| choices.get(index)) {
                        value.set(*choice);
                    }
                }
            >
                {options}
            </select>
            <p class="note" id=note aria-live="polite">
                {move || hint.get()}
            </p>
        </div>
    }
}

//! Labelled inputs, with a hint before and an error after.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// One line of text. The error, when there is one, stands in the place of the hint and is read out.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    /// The `name` and `id` of the input; unique on the page.
    name: &'static str,
    value: RwSignal<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] max_length: Option<u32>,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let note = format!("{name}-note");
    let element = NodeRef::<leptos::html::Input>::new();
    if autofocus {
        super::effect(move || {
            if let Some(input) = element.get() {
                // Focus is a comfort: a page that cannot give it still works.
                let _ = input.focus();
            }
        });
    }
    view! {
        <div class="field" class:wrong=move || error.with(Option::is_some)>
            <label for=name>{label}</label>
            <input
                node_ref=element
                id=name
                name=name
                type=kind
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck=if kind == "password" { Some("false") } else { None }
                maxlength=max_length
                aria-describedby=note.clone()
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
            <p class="note" id=note aria-live="polite">
                {move || error.get().or_else(|| hint.clone())}
            </p>
        </div>
    }
}

/// Brings the first field that is marked as wrong into view and gives it the focus, once the marks are drawn.
pub fn focus_first_mistake() {
    request_animation_frame(|| {
        let wrong = document().query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(input) = wrong.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Focus is a comfort: a page that cannot give it still works.
            let _ = input.focus();
        }
    });
}

/// Several lines of text.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    name: &'static str,
    value: RwSignal<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(default = 4)] rows: u32,
    #[prop(optional)] max_length: Option<u32>,
) -> impl IntoView {
    let note = format!("{name}-note");
    view! {
        <div class="field" class:wrong=move || error.with(Option::is_some)>
            <label for=name>{label}</label>
            <textarea
                id=name
                name=name
                rows=rows
                maxlength=max_length
                aria-describedby=note.clone()
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
            <p class="note" id=note aria-live="polite">
                {move || error.get().or_else(|| hint.clone())}
            </p>
        </div>
    }
}

//! A dialog over the page. The browser's own `<dialog>` keeps the focus inside, closes on Escape and gives the
//! focus back.

use leptos::{html, prelude::*};

use super::{Icon, IconButton, effect};

/// Shown while `open` is true; sets it to false when the person closes it.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    /// Built when the dialog opens, dropped when it closes.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = element.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                // Fails only for a dialog outside the document, which then shows nothing to close either.
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // A press on the backdrop has the dialog itself for its target, as has one on the dialog's own scroll bar.
    let on_backdrop = move |event: leptos::ev::MouseEvent| {
        let Some(dialog) = element.get_untracked() else { return };
        let is_dialog =
            event.target().is_some_and(|target| target == *AsRef::<web_sys::EventTarget>::as_ref(&dialog));
        let edges = dialog.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let is_inside =
            (edges.left()..=edges.right()).contains(&x) && (edges.top()..=edges.bottom()).contains(&y);
        if is_dialog && !is_inside && event.button() == 0 {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=element
            class="dialog"
            aria-label=move || title.get()
            on:close=move |_| open.set(false)
            on:mousedown=on_backdrop
        >
            <Show when=move || open.get()>
                <div class="dialog-panel">
                    <header class="dialog-head">
                        <h2>{move || title.get()}</h2>
                        <IconButton icon=Icon::Close label="Close" on_press=move |_| open.set(false) />
                    </header>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
}

//! Says once, quietly, that there is no connection, and takes it back when there is.

use leptos::{ev, prelude::*};

/// A line at the top of the page while the browser is offline.
#[component]
pub fn OfflineNote() -> impl IntoView {
    let offline = RwSignal::new(!window().navigator().on_line());
    let gone = window_event_listener(ev::offline, move |_| offline.set(true));
    let back = window_event_listener(ev::online, move |_| offline.set(false));
    on_cleanup(move || {
        gone.remove();
        back.remove();
    });
    view! {
        <div class="offline" role="status">
            <Show when=move || offline.get()>
                <p>"You are offline. What is loaded still plays."</p>
            </Show>
        </div>
    }
}

//! Says once, quietly, that there is no connection, and takes it back when there is.

use leptos::{ev, prelude::*};

/// Whether the browser thinks that it has a connection.
pub fn use_online() -> ReadSignal<bool> {
    let (online, set_online) = signal(window().navigator().on_line());
    let gone = window_event_listener(ev::offline, move |_| set_online.set(false));
    let back = window_event_listener(ev::online, move |_| set_online.set(true));
    on_cleanup(move || {
        gone.remove();
        back.remove();
    });
    online
}

/// A line at the top of the page while the browser is offline.
#[component]
pub fn OfflineNote() -> impl IntoView {
    let online = use_online();
    view! {
        <div class="offline" role="status">
            <Show when=move || !online.get()>
                <p>"You are offline. What is loaded still plays."</p>
            </Show>
        </div>
    }
}

//! The name of the site, drawn.

use leptos::prelude::*;

/// The lens and the name. The same shapes are in `web/index.html` and `web/favicon.svg`.
#[component]
pub fn Wordmark() -> impl IntoView {
    view! {
        <span class="wordmark">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
                <circle class="mark-ring" cx="16" cy="16" r="12.5"></circle>
                <path class="mark-lamp" d="M13 10.6v10.8a1 1 0 0 0 1.53.85l8.6-5.4a1 1 0 0 0 0-1.7l-8.6-5.4a1 1 0 0 0-1.53.85z"></path>
            </svg>
            <span class="wordmark-name">"Kinora"</span>
        </span>
    }
}

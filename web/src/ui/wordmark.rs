//! The name of the site, drawn.

use leptos::prelude::*;

/// The lens and the name; whatever it stands in is labelled. The lens is in `web/index.html` too, for the moment
/// before the app is there.
#[component]
pub fn Wordmark() -> impl IntoView {
    view! {
        <span class="wordmark">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
                <circle class="mark-ring" cx="16" cy="16" r="12.5"></circle>
                <path class="mark-lamp" d="M13 10.6v10.8a1 1 0 0 0 1.53.85l8.6-5.4a1 1 0 0 0 0-1.7l-8.6-5.4a1 1 0 0 0-1.53.85z"></path>
            </svg>
            <svg class="letters" viewBox="0 0 88 24" aria-hidden="true">
                <path d="M3 3v18M14 3 3.4 13M7.2 9.5 15 21M21 9v12M21 3.5v.01M28 9v12m0-7a5 5 0 0 1 10 0v7M44 15a6 6 0 1 0 12 0 6 6 0 1 0-12 0M63 9v12m0-6.5A5.5 5.5 0 0 1 69 9M73 15a6 6 0 1 0 12 0 6 6 0 1 0-12 0M85 9v12"></path>
            </svg>
        </span>
    }
}

//! The page for an address that leads nowhere, and for a video that is not there or not for this viewer.

use leptos::prelude::*;

use crate::ui::set_title;

/// Says that there is nothing, and where there is something.
#[component]
pub fn MissingPage(
    #[prop(default = "There is nothing at this address.")] text: &'static str,
) -> impl IntoView {
    set_title(|| "Not found".to_owned());
    view! {
        <div class="page missing">
            <p class="missing-number" aria-hidden="true">
                "404"
            </p>
            <h1>"Not found"</h1>
            <p>{text}</p>
            <p class="actions">
                <a class="button primary" href="/">
                    "Open the feed"
                </a>
                <a class="button" href="/browse">
                    "Browse videos"
                </a>
            </p>
        </div>
    }
}

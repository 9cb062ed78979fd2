//! The name of the page: in the browser's tab, and said aloud to those who do not see the page change.

use leptos::prelude::*;

/// The name of the page that is open; provided once by the app.
#[derive(Clone, Copy)]
pub struct PageTitle(RwSignal<String>);

impl PageTitle {
    pub fn start() -> Self {
        Self(RwSignal::new(String::new()))
    }
}

/// Names the page for as long as it is open; follows the signals that `title` reads. Empty is the site's own name.
pub fn set_title(title: impl Fn() -> String + 'static) {
    let page: PageTitle = expect_context();
    super::effect(move || {
        let title = title();
        document().set_title(&if title.is_empty() {
            "Kinora".to_owned()
        } else {
            format!("{title} · Kinora")
        });
        page.0.set(title);
    });
}

/// Says the page's name when another page opens.
#[component]
pub fn Announcer() -> impl IntoView {
    let page: PageTitle = expect_context();
    view! {
        <p class="unseen" aria-live="polite" aria-atomic="true">
            {move || page.0.get()}
        </p>
    }
}

//! What a page shows when it has nothing else to show.

use leptos::prelude::*;

use super::{Button, Glyph, Icon};
use crate::api::{ApiError, ErrorCode};

/// What happened, what to do, and an id to quote.
#[component]
pub fn ErrorState(error: ApiError, #[prop(optional, into)] retry: Option<Callback<()>>) -> impl IntoView {
    let retry = retry.filter(|_| error.can_retry());
    let heading = match error.code {
        ErrorCode::Offline => "No connection",
        ErrorCode::NotFound => "Not found",
        ErrorCode::RateLimited => "Too fast",
        _ => "That did not work",
    };
    view! {
        <div class="state" role="alert">
            <Glyph icon=Icon::Alert />
            <h2>{heading}</h2>
            <p>{error.message}</p>
            {retry.map(|retry| view! { <Button label="Try again" icon=Icon::Retry on_press=move |_| retry.run(()) /> })}
            {error.request_id.map(|id| view! { <p class="fine">"Reference " <code>{id}</code></p> })}
        </div>
    }
}

/// One sentence, and the one thing to do.
#[component]
pub fn EmptyState(
    #[prop(into)] text: String,
    icon: Icon,
    /// Where the one thing to do is, and what it is called.
    #[prop(optional)]
    action: Option<(&'static str, String)>,
) -> impl IntoView {
    view! {
        <div class="state">
            <Glyph icon=icon />
            <p>{text}</p>
            {action.map(|(label, href)| view! { <a class="button primary" href=href>{label}</a> })}
        </div>
    }
}

/// The shape of a page of text that is on its way.
#[component]
pub fn PageSkeleton() -> impl IntoView {
    view! {
        <div class="page late" role="status" aria-label="Loading">
            <div class="bone line"></div>
            <div class="bone line short"></div>
            <div class="bone block"></div>
        </div>
    }
}

//! The tokens there are.

use leptos::prelude::*;

use super::{
    api::ApiToken,
    words::{End, end_of, scope_name},
};
use crate::{
    api::DateTime,
    ui::{Button, Day, Kind, RelativeTime, now_ms},
};

/// A row each: name, what it may do, when it ends, when it was last used.
#[component]
pub fn TokenList(tokens: Vec<ApiToken>, revoking: RwSignal<Option<ApiToken>>) -> impl IntoView {
    if tokens.is_empty() {
        return None;
    }
    let rows = tokens.into_iter().map(|token| view! { <TokenRow token revoking /> }).collect_view();
    Some(view! { <ul class="token-list">{rows}</ul> })
}

#[component]
fn TokenRow(token: ApiToken, revoking: RwSignal<Option<ApiToken>>) -> impl IntoView {
    let end = end_of(token.expires_at.as_ref().and_then(DateTime::unix_ms), now_ms());
    let ends = match (end, token.expires_at.clone()) {
        (End::Never, _) | (_, None) => view! { <span>"No end"</span> }.into_any(),
        (End::Ahead, Some(at)) => view! { <span>"Until " <Day at /></span> }.into_any(),
        (End::Past, Some(at)) => view! { <span class="token-past">"Expired " <Day at /></span> }.into_any(),
    };
    let used = match token.last_used_at.clone() {
        Some(at) => view! { <span>"Used " <RelativeTime at /></span> }.into_any(),
        None => view! { <span>"Never used"</span> }.into_any(),
    };
    let pressed = token.clone();
    view! {
        <li class="token-row">
            <div>
                <h3 class="token-name">{token.name.clone()}</h3>
                <p class="token-meta">
                    <span>{scope_name(token.scope)}</span>
                    {ends}
                    {used}
                </p>
            </div>
            <Button label="Revoke" kind=Kind::Quiet on_press=move |_| revoking.set(Some(pressed.clone())) />
        </li>
    }
}

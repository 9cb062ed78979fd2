//! The time now, and times told from now.

use leptos::prelude::*;

use super::format;
use crate::api::DateTime;

/// Milliseconds since 1970 by this computer's clock.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// "3 hours ago", with the full time on hover and for machines.
#[component]
pub fn RelativeTime(at: DateTime) -> impl IntoView {
    let text = at.unix_ms().map(|then| format::relative(then, now_ms()));
    let full = at.unix_ms().map(|then| {
        let date = js_sys::Date::new(&then.into());
        String::from(date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED))
    });
    view! {
        <time datetime=at.0 title=full>
            {text}
        </time>
    }
}

/// "21 Mar 2027", as people here write it, for machines in full.
#[component]
pub fn Day(at: DateTime) -> impl IntoView {
    let text = at.unix_ms().map(|then| {
        let options = js_sys::Object::new();
        // A plain object takes every property.
        let _ = js_sys::Reflect::set(&options, &"dateStyle".into(), &"medium".into());
        String::from(js_sys::Date::new(&then.into()).to_locale_date_string("default", &options))
    });
    view! { <time datetime=at.0>{text}</time> }
}

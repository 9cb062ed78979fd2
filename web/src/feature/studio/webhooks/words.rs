//! What is said of webhooks and of their messages.

use wasm_bindgen::JsValue;

use super::api::{Delivery, WebhookDeliveryState, WebhookEvent, WebhookOffReason};

/// The events, as a form offers them and what they mean.
pub const EVENTS: [(WebhookEvent, &str, &str); 4] = [
    (WebhookEvent::VideoPlayable, "Playable", "It can be watched; processing may go on."),
    (WebhookEvent::VideoReady, "Ready", "Everything is there."),
    (WebhookEvent::VideoFailed, "Failed", "It will not be played, and why."),
    (WebhookEvent::VideoDeleted, "Deleted", "It is gone."),
];

/// `Ready, failed`, or that it is told of everything.
pub fn events_in_words(events: &[WebhookEvent]) -> String {
    if events.len() == EVENTS.len() {
        return "All events".to_owned();
    }
    let names = EVENTS.into_iter().filter(|(event, _, _)| events.contains(event)).map(|(_, name, _)| name);
    let mut text = names.collect::<Vec<_>>().join(", ").to_lowercase();
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// The host of an address: what people call it.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// What follows after "switched off": why, and what was last wrong.
pub fn why_off(reason: WebhookOffReason, last_error: Option<&str>) -> String {
    match reason {
        WebhookOffReason::Owner => ".".to_owned(),
        WebhookOffReason::Gone => ": the address answered that it wants no more messages (410).".to_owned(),
        WebhookOffReason::Failing => {
            let last = last_error.map(|error| format!(" {error}")).unwrap_or_default();
            format!(": nothing arrived for days.{last}")
        }
        WebhookOffReason::Password => {
            " since your password was reset. Switch it on if you know it, delete it if not.".to_owned()
        }
    }
}

/// The state of a message in a word.
pub fn state_name(state: WebhookDeliveryState) -> &'static str {
    match state {
        WebhookDeliveryState::Pending => "Waiting",
        WebhookDeliveryState::Delivered => "Delivered",
        WebhookDeliveryState::Failed => "Failed",
    }
}

/// `200 · 45 ms · 3 tries`: what is known of the tries of a message.
pub fn figures(delivery: &Delivery) -> String {
    let mut parts = Vec::new();
    parts.extend(delivery.status_code.map(|code| code.to_string()));
    parts.extend(delivery.duration_ms.map(took));
    if delivery.attempts > 1 {
        parts.push(format!("{} tries", delivery.attempts));
    }
    parts.join(" · ")
}

fn took(ms: i32) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{:.1} s", f64::from(ms) / 1000.0) }
}

/// `now`, `in 30 s`, `in 5 min`, `in 2 h`; both in milliseconds since 1970.
pub fn until(then_ms: f64, now_ms: f64) -> String {
    let seconds = ((then_ms - now_ms) / 1000.0).round().max(0.0) as u64;
    match seconds {
        0..=2 => "now".to_owned(),
        3..=89 => format!("in {seconds} s"),
        90..=5399 => format!("in {} min", (seconds + 30) / 60),
        _ => format!("in {} h", (seconds + 1800) / 3600),
    }
}

/// JSON with a line for each field, in the order in which they come; anything else as it is.
pub fn pretty(text: &str) -> String {
    js_sys::JSON::parse(text)
        .and_then(|value| {
            js_sys::JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from_f64(2.0))
        })
        .map_or_else(|_| text.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_listed_as_a_person_would() {
        assert_eq!(events_in_words(&[WebhookEvent::VideoFailed, WebhookEvent::VideoReady]), "Ready, failed");
        assert_eq!(events_in_words(&EVENTS.map(|(event, _, _)| event)), "All events");
        assert_eq!(events_in_words(&[]), "");
    }

    #[test]
    fn an_address_is_known_by_its_host() {
        assert_eq!(host_of("https://example.org:8080/a/b?c"), "example.org:8080");
        assert_eq!(host_of("http://[::1]/"), "[::1]");
        assert_eq!(host_of("nonsense"), "nonsense");
    }

    #[test]
    fn a_wait_is_told_in_one_unit() {
        assert_eq!(until(0.0, 5_000.0), "now");
        assert_eq!(until(30_000.0, 0.0), "in 30 s");
        assert_eq!(until(600_000.0, 0.0), "in 10 min");
        assert_eq!(until(14_400_000.0, 0.0), "in 4 h");
    }
}

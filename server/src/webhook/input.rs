//! What people may ask of a webhook.

use kinora_entity::webhook::Event;
use sea_orm::ActiveEnum;
use url::Url;

use super::public::check_host;
use crate::error::{Error, Result};

const LONGEST_URL: usize = 2000;

/// Where messages go: http or https, without name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// # Errors
    /// BAD_USER_INPUT on `url`.
    pub fn parse(text: &str, private_allowed: bool) -> Result<Self> {
        let bad = |message: &str| Error::bad_input("url", message);
        let text = text.trim();
        if text.len() > LONGEST_URL {
            return Err(bad("An address has at most 2000 characters."));
        }
        let mut url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| bad("Write an address such as https://example.org/hook."))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("An address has no name and password: check the signature instead."));
        }
        let host = url.host().ok_or_else(|| bad("Write an address such as https://example.org/hook."))?;
        if !private_allowed && check_host(&host).is_err() {
            return Err(bad(
                "This address is not on the public internet. The administrator can allow such ones with KINORA_WEBHOOK_PRIVATE.",
            ));
        }
        url.set_fragment(None);
        Ok(Self(url.into()))
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// What an address is told: one event at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice(Vec<String>);

impl Choice {
    /// # Errors
    /// BAD_USER_INPUT on `events`.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Result<Self> {
        let mut events: Vec<Event> = events.into_iter().collect();
        events.sort_unstable();
        events.dedup();
        if events.is_empty() {
            return Err(Error::bad_input("events", "Choose one event at least."));
        }
        Ok(Self(events.iter().map(ActiveEnum::to_value).collect()))
    }

    pub fn into_names(self) -> Vec<String> {
        self.0
    }
}

/// The events of a row; names of a newer version are left out.
pub fn events_of(names: &[String]) -> Vec<Event> {
    names.iter().filter_map(|name| Event::try_from_value(name).ok()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_without_a_password() {
        let parse = |text: &str| Address::parse(text, false);
        assert_eq!(parse(" https://Example.org/a?b#c ").unwrap().into_string(), "https://example.org/a?b");
        for bad in [
            "",
            "example.org",
            "ftp://example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
            "https://ann@example.org/",
            "https://:x@example.org/",
            "http://127.1/",
            "http://[::1]:9/",
            &format!("https://example.org/{}", "x".repeat(2000)),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(Address::parse("http://127.0.0.1:9/", true).is_ok());
    }

    #[test]
    fn a_choice_has_each_event_once() {
        let names =
            Choice::of([Event::VideoReady, Event::VideoPlayable, Event::VideoReady]).unwrap().into_names();
        assert_eq!(names, ["video.playable", "video.ready"]);
        assert_eq!(events_of(&names), [Event::VideoPlayable, Event::VideoReady]);
        assert!(Choice::of([]).is_err());
        assert_eq!(events_of(&["video.unheard".to_owned()]), []);
    }
}

//! The session cookie.

use axum::http::{HeaderMap, header};
use cookie::{Cookie, SameSite};

use super::SESSION_LIFETIME;
use crate::config::Config;

/// What the cookie is called and how it is protected: `__Host-` and `Secure` wherever the site is https.
#[derive(Clone, Copy, Debug)]
pub struct CookieSettings {
    https: bool,
}

impl CookieSettings {
    pub fn new(config: &Config) -> Self {
        Self { https: config.is_https() }
    }

    fn name(self) -> &'static str {
        if self.https { "__Host-kinora_session" } else { "kinora_session" }
    }

    /// The `Set-Cookie` value that keeps a token for as long as a session lasts.
    pub fn keep(self, token: &str) -> String {
        self.build(token, cookie::time::Duration::seconds(SESSION_LIFETIME.num_seconds()))
    }

    /// The `Set-Cookie` value that removes it.
    pub fn remove(self) -> String {
        self.build("", cookie::time::Duration::ZERO)
    }

    fn build(self, value: &str, max_age: cookie::time::Duration) -> String {
        Cookie::build((self.name(), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.https)
            .max_age(max_age)
            .build()
            .to_string()
    }
}

/// The token of the session cookie, if the request carries one.
pub fn session_token_of(headers: &HeaderMap, settings: CookieSettings) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == settings.name())
        .map(|cookie| cookie.value().to_owned())
}

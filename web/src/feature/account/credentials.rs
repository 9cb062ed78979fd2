//! The rules for names and passwords, as the server has them, so that a mistake is said before it is sent.

use crate::api::{ApiError, ErrorCode};

const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=30;
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// What is wrong with a username, in a sentence.
pub fn check_username(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    if name.is_empty() {
        Some("Choose a username.".to_owned())
    } else if let Some(bad) = name.chars().find(|c| !allowed(*c)) {
        Some(if bad.is_ascii_uppercase() {
            "Use small letters only.".to_owned()
        } else if bad.is_whitespace() {
            "Use no spaces.".to_owned()
        } else {
            format!("“{bad}” is not allowed. Use a–z, 0–9, and _ . -")
        })
    } else if !NAME_LENGTH.contains(&name.len()) {
        Some(format!("Use {} to {} characters.", NAME_LENGTH.start(), NAME_LENGTH.end()))
    } else {
        None
    }
}

/// What is wrong with a new password, in a sentence.
pub fn check_password(password: &str) -> Option<String> {
    let length = password.chars().count();
    if length < *PASSWORD_LENGTH.start() {
        Some(format!("Use at least {} characters.", PASSWORD_LENGTH.start()))
    } else if length > *PASSWORD_LENGTH.end() {
        Some(format!("Use at most {} characters.", PASSWORD_LENGTH.end()))
    } else {
        None
    }
}

/// Where the server's refusal is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    pub username: Option<String>,
    pub password: Option<String>,
    /// For what belongs to neither field.
    pub form: Option<String>,
}

impl Refusal {
    /// Puts an error beside the field that it is about.
    pub fn from_error(error: &ApiError) -> Self {
        let mut refusal = Self::default();
        let wait = error.retry_after_ms.filter(|_| error.code == ErrorCode::RateLimited);
        let message = match wait {
            Some(ms) => format!("Too many tries. Wait {}, then try again.", seconds(ms)),
            None => error.message.clone(),
        };
        match error.field.as_deref().map(|field| field.rsplit('.').next().unwrap_or(field)) {
            Some("username") => refusal.username = Some(message),
            Some("password") => refusal.password = Some(message),
            _ => refusal.form = Some(message),
        }
        refusal
    }
}

fn seconds(ms: u64) -> String {
    match ms.div_ceil(1000) {
        0 | 1 => "a second".to_owned(),
        seconds @ 2..=89 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for good in ["ada", "a.b-c_9", "abcdefghijklmnopqrstuvwxyz1234"] {
            assert_eq!(check_username(good), None, "{good}");
        }
        for bad in ["", "ab", "Ada", "a b c", "ädä", "abcdefghijklmnopqrstuvwxyz12345", "a/b/c"] {
            assert!(check_username(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert!(check_password("1234567").is_some());
        assert_eq!(check_password("12345678"), None);
        assert_eq!(check_password("ääääääää"), None);
        assert_eq!(check_password(&"x".repeat(128)), None);
        assert!(check_password(&"x".repeat(129)).is_some());
    }

    #[test]
    fn a_refusal_stands_at_its_field() {
        let mut error = ApiError::not_found("That name is taken.");
        error.field = Some("input.username".to_owned());
        assert_eq!(Refusal::from_error(&error).username.as_deref(), Some("That name is taken."));
        error.field = None;
        assert_eq!(Refusal::from_error(&error).form.as_deref(), Some("That name is taken."));
        error.code = ErrorCode::RateLimited;
        error.retry_after_ms = Some(61_500);
        assert_eq!(
            Refusal::from_error(&error).form.as_deref(),
            Some("Too many tries. Wait 62 seconds, then try again.")
        );
    }
}

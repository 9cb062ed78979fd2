//! Who asks, and what names and passwords may be.

use kinora_entity::{UserId, api_token, runner, session, user};

use crate::error::{Error, Result};

/// A logged-in person.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub user: user::Model,
    /// The log-in; absent when an API token speaks for the user.
    pub session: Option<session::Model>,
}

impl Viewer {
    /// Refuses a program with a token: tokens, passwords and log-ins are only for the person.
    ///
    /// # Errors
    /// FORBIDDEN for a token.
    pub fn in_person(&self) -> Result<()> {
        match self.session {
            Some(_) => Ok(()),
            None => Err(Error::Forbidden("A token cannot do this. Log in with name and password.".into())),
        }
    }
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub enum Requester {
    Guest,
    /// Somebody who has logged in.
    User(Box<Viewer>),
    /// A program with a token of that person's, which may do no more than its scope says.
    Token(Box<Viewer>, api_token::Scope),
    Runner(Box<runner::Model>),
}

impl Requester {
    /// The logged-in person.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a guest, FORBIDDEN for a runner.
    pub fn viewer(&self) -> Result<&Viewer> {
        match self {
            Self::User(viewer) | Self::Token(viewer, _) => Ok(viewer),
            Self::Guest => Err(Error::log_in_first()),
            Self::Runner(_) => Err(Error::Forbidden("A runner has no account.".into())),
        }
    }

    /// The viewer, who is an administrator. To everybody else `what` does not exist.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub fn administrator(&self, what: &str) -> Result<&Viewer> {
        self.viewer()
            .ok()
            .filter(|viewer| viewer.user.role == user::Role::Admin)
            .ok_or_else(|| Error::not_found(what))
    }

    /// The runner.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a guest, FORBIDDEN for a person.
    pub fn runner(&self) -> Result<&runner::Model> {
        match self {
            Self::Runner(runner) => Ok(runner),
            Self::Guest => Err(Error::Unauthenticated("Send the token of a runner.".into())),
            Self::User(_) | Self::Token(..) => Err(Error::Forbidden("Only runners may do this.".into())),
        }
    }

    /// The account behind the request, if there is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(viewer) | Self::Token(viewer, _) => Some(viewer.user.id),
            _ => None,
        }
    }

    /// The one rule of ownership.
    pub fn owns(&self, owner: UserId) -> bool {
        self.user_id() == Some(owner)
    }
}

/// A name that an account may have: 3 to 30 of a–z, A–Z, 0–9, `_`, `.` and `-`, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// BAD_USER_INPUT on `username` with what a name may be.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (3..=30).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
            && text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::bad_input(
            "username",
            "A name has 3 to 30 letters (a–z), digits, dots, hyphens or underscores, and begins with a letter or digit.",
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["ada", "Ada.Lovelace", "x-1_2", "a23456789012345678901234567890"] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "ab", "_ada", "ada lovelace", "ädä", "a\0a", "../x", "a2345678901234567890123456789012"]
        {
            assert!(Username::parse(bad).is_err(), "{bad}");
        }
    }
}

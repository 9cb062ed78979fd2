//! Looking after a site: is everything there that it needs, does the bucket do what browsers will ask of it, and
//! do database and bucket agree?

pub mod bucket;
pub mod extras;
pub mod leftovers;
pub mod machine;
mod mend;

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What should be true, in a few words.
    pub what: &'static str,
    pub outcome: Outcome,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With what was seen.
    Good(String),
    /// It works, but not as well as it could; with what to do.
    Weak { seen: String, mend: String },
    /// It does not work; with the exact thing to do.
    Bad { seen: String, mend: String },
}

impl Finding {
    pub(crate) fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Good(seen.into()) }
    }

    pub(crate) fn weak(what: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Weak { seen: seen.into(), mend: mend.into() } }
    }

    pub(crate) fn bad(what: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Bad { seen: seen.into(), mend: mend.into() } }
    }

    /// Whether the site cannot do its work like this.
    pub fn is_bad(&self) -> bool {
        matches!(self.outcome, Outcome::Bad { .. })
    }
}

//! What is said of tokens.

use super::api::TokenScope;

/// What a token may do: in the list, in the form, and what that means.
pub const SCOPES: [(TokenScope, &str, &str); 3] = [
    (TokenScope::Read, "Read", "Sees what you see, and changes nothing."),
    (
        TokenScope::Upload,
        "Read and upload",
        "Also sends files, and says what your videos are called and who sees them.",
    ),
    (TokenScope::All, "Everything", "Also rates, keeps and deletes videos, as you can."),
];

/// For how many days a token is good.
pub const LIFETIMES: [(Option<i32>, &str); 4] =
    [(Some(30), "30 days"), (Some(90), "90 days"), (Some(365), "A year"), (None, "No end")];

/// The scope in a few words.
pub fn scope_name(scope: TokenScope) -> &'static str {
    SCOPES.into_iter().find(|(known, _, _)| *known == scope).map_or("", |(_, name, _)| name)
}

/// What the scope means, in a sentence.
pub fn scope_meaning(scope: TokenScope) -> &'static str {
    SCOPES.into_iter().find(|(known, _, _)| *known == scope).map_or("", |(_, _, meaning)| meaning)
}

/// How the end of a token stands to now; both in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Never,
    Ahead,
    Past,
}

/// Where a token stands; an end that cannot be read counts as ahead, for the server decides.
pub fn end_of(expires_at_ms: Option<f64>, now_ms: f64) -> End {
    match expires_at_ms {
        None => End::Never,
        Some(end) if end <= now_ms => End::Past,
        Some(_) => End::Ahead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_a_name_and_a_meaning() {
        for scope in [TokenScope::Read, TokenScope::Upload, TokenScope::All] {
            assert!(!scope_name(scope).is_empty() && scope_meaning(scope).ends_with('.'));
        }
    }

    #[test]
    fn an_end_is_ahead_past_or_none() {
        assert_eq!(end_of(None, 5.0), End::Never);
        assert_eq!(end_of(Some(6.0), 5.0), End::Ahead);
        assert_eq!(end_of(Some(5.0), 5.0), End::Past);
    }
}

//! Ids at the edge.

use std::str::FromStr;

use async_graphql::ID;

use crate::error::{Error, Result};

/// The typed id behind a global one. What is no id of ours names nothing, so the answer is the same
/// as for an id that nobody has.
///
/// # Errors
/// NOT_FOUND.
pub fn parse_id<T: FromStr>(id: &ID, what: &str) -> Result<T> {
    id.parse().map_err(|_| Error::not_found(what))
}

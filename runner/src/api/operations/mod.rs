//! The GraphQL operations of a runner, checked against `schema.graphql` at build time.
//!
//! Field names and types mirror the schema; only what a runner reads is selected.

mod calls;
mod types;

pub use calls::*;
pub use types::*;

/// Names of the schema's types, for the derives.
#[cynic::schema("kinora")]
mod schema {}

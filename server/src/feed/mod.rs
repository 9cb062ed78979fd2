//! The feed: every public video once per seed, in an order that depends on the seed, at a cost that
//! does not grow with the table.

mod graphql;
mod order;
mod ranks;
mod service;

pub use graphql::FeedQuery;
pub use ranks::{leave, lock_ranks, sync_rank};

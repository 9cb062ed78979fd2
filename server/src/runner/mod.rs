//! The side of the API that runners see: leasing, reporting, and the token of the embedded one.

mod available;
mod embedded;
mod graphql;
mod inputs;
mod service;

pub use embedded::start as start_embedded;
pub use graphql::{RunnerMutation, RunnerSubscription};

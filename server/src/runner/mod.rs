//! Runners: the side of the API that they see, which is registering, leasing and reporting; what administrators see
//! of them and tell them; and the embedded one.

mod admin_graphql;
mod available;
mod embedded;
mod figures;
mod graphql;
mod input;
mod inputs;
mod registration;
mod service;
mod standing;

pub use admin_graphql::{RunnerAdminMutation, RunnerAdminQuery};
pub use embedded::start as start_embedded;
pub use graphql::{RunnerMutation, RunnerSubscription};
pub use registration::{Validity, create as create_registration, forget_expired};

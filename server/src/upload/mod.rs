//! Uploads: multipart always, straight from the browser to the bucket. The server signs, checks and
//! completes; it never carries a byte.

mod cleaning;
mod completion;
mod graphql;
mod parts;
mod plan;
mod sample;
mod service;

pub use cleaning::expire_abandoned;
pub use graphql::{Header, UploadMutation, UploadQuery};
pub use plan::PartPlan;
pub use service::check_quota;

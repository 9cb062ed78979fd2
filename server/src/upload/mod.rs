//! Uploads: multipart always, straight from the browser to the bucket. The server signs, checks and
//! completes; it never carries a byte.

mod cleaning;
mod graphql;
mod plan;
mod service;

pub use cleaning::expire_abandoned;
pub use graphql::{Header, UploadMutation, UploadQuery};
pub use plan::PartPlan;
pub use service::check_quota;

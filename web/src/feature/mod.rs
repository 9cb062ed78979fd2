//! One folder for each thing that a person does here.

pub mod account;
pub mod browse;
pub mod feed;
pub mod members;
pub mod missing;
pub mod runners;
pub mod studio;
pub mod upload;
pub mod watch;

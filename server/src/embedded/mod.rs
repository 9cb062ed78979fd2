//! The services that the server brings along, so that nothing else has to be started:
//! a private Postgres as a child process, and an S3 store inside the server's own process.

pub mod postgres;
pub mod store;

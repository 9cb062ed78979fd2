//! Videos that are made in chunks: [`cutting`] decides whether, and where the cuts are; [`copying`] passes on what
//! players take as it is; [`rewrap`] says what is put into another container first;
//! [`needs`] says which bytes of the source a piece of the work reads.
//!
//! Everything here is a pure function of what is known of the source, so that every runner comes to the same result.

pub mod copying;
pub mod cutting;
mod grid;
pub mod needs;
pub mod rewrap;

pub use cutting::{Cut, Cutting, PictureCopy};

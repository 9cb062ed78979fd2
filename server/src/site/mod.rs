//! The site: the app's files, embedded into the program, and the page that starts it.

mod assets;
mod head;
mod pages;
mod policy;

pub use assets::ReadSiteFile;
pub use pages::{graphiql, router};

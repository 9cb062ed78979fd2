//! The site's pages as people use them: what is typed and pressed, and what is seen.

mod account;
mod feed;
mod upload;
mod watch;

pub use account::{log_in, log_in_again, log_out, sign_up};
pub use feed::Feed;
pub use upload::UploadPage;
pub use watch::WatchPage;

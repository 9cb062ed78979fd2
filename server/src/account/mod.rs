//! Accounts: signing up, logging in, and knowing who is asking.

mod address;
mod administration;
mod authentication;
mod cookie;
mod graphql;
mod loader;
mod model;
mod password;
mod service;
mod session_token;
mod throttle;

pub use address::ClientAddress;
pub use administration::{create_token, create_user, disable, promote, reset_password};
pub use authentication::{Credentials, authenticate};
pub use cookie::{CookieSettings, session_token_of};
pub use graphql::{AccountMutation, AccountQuery, Site, UserObject};
pub use loader::UserKey;
pub use model::{Requester, Username, Viewer};
pub use password::Passwords;
pub use service::renew;
pub use session_token::{Claims, SESSION_LIFETIME, SessionTokens};
pub use throttle::Throttle;

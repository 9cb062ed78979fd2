//! Accounts: signing up, logging in, and knowing who is asking.

mod address;
mod administration;
mod authentication;
mod cookie;
mod graphql;
mod loader;
mod model;
mod password;
mod scope;
mod service;
mod session_token;
mod throttle;
mod token;
mod token_graphql;

pub use address::ClientAddress;
pub use administration::{
    create_runner_token, create_user, create_user_token, disable, insert_runner, promote, reset_password,
};
pub use authentication::{Credentials, authenticate, new_secret, secret_hash};
pub use cookie::{CookieSettings, session_token_of};
pub use graphql::{AccountMutation, AccountQuery, Site, UserObject};
pub use loader::UserKey;
pub use model::{Requester, Username, Viewer};
pub use password::Passwords;
pub use scope::check_scope;
pub use service::renew;
pub use session_token::{Claims, SESSION_LIFETIME, SessionTokens};
pub use throttle::Throttle;
pub use token::{Lifetime, NewToken, TokenName, revoke_of_runner};
pub use token_graphql::TokenMutation;

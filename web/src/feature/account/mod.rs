//! Accounts: signing up, logging in, settings.

mod credentials;
mod login;
mod settings;
mod signup;
mod tokens;

pub use login::LogInPage;
pub use settings::SettingsPage;
pub use signup::SignUpPage;

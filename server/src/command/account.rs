//! Accounts and tokens from the command line.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use kinora_entity::user;

use super::{print, said, site::Site};
use crate::{account, config::Config};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Role {
    Member,
    Moderator,
    Admin,
}

impl From<Role> for user::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Moderator => Self::Moderator,
            Role::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; the password is asked for, or read from standard input
    Create {
        username: String,
        #[arg(long, value_enum, default_value_t = Role::Member)]
        role: Role,
    },
    /// Give an account another role
    Promote {
        username: String,
        #[arg(long, value_enum, default_value_t = Role::Admin)]
        role: Role,
    },
    /// Shut an account out at once
    Disable { username: String },
    /// Set a new password and end every log-in; also opens an account that was disabled
    ResetPassword { username: String },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, once
    Create {
        /// What the token is for, such as the name of the runner's machine
        #[arg(long)]
        name: String,
        /// Speak for this account; without it the token is a runner's
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
}

impl UserCommand {
    pub async fn run(self, config: Config) -> Result<()> {
        let password = match &self {
            Self::Create { .. } | Self::ResetPassword { .. } => read_password()?,
            Self::Promote { .. } | Self::Disable { .. } => String::new(),
        };
        let site = Site::open(config).await?;
        let done = match self {
            Self::Create { username, role } => {
                account::create_user(&site.app, &username, password, role.into()).await.map(drop)
            }
            Self::Promote { username, role } => account::promote(&site.app, &username, role.into()).await,
            Self::Disable { username } => account::disable(&site.app, &username).await,
            Self::ResetPassword { username } => account::reset_password(&site.app, &username, password).await,
        };
        site.close().await?;
        done.map_err(said)
    }
}

impl TokenCommand {
    pub async fn run(self, config: Config) -> Result<()> {
        let site = Site::open(config).await?;
        let Self::Create { name, user } = self;
        let made = account::create_token(&site.app, &name, user.as_deref()).await;
        site.close().await?;
        print(&format!("{}\n", made.map_err(said)?));
        Ok(())
    }
}

fn read_password() -> Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ").context("the password could not be read");
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("the password could not be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

//! Accounts and tokens from the command line.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use kinora_entity::{api_token, user};

use super::{print, said, site::Site};
use crate::{
    account::{self, Lifetime, NewToken, TokenName},
    config::Config,
    runner::{self, Validity},
};

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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Scope {
    /// Look at what the account sees
    Read,
    /// Send files as well, and say what they are
    Upload,
    /// Everything but tokens, passwords and log-ins
    All,
}

impl From<Scope> for api_token::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Upload => Self::Upload,
            Scope::All => Self::All,
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
        /// Let one machine become a runner with it, within a day
        #[arg(long, conflicts_with_all = ["user", "expires_days"])]
        runner: bool,
        /// Speak for this account; without this and --runner it is the lasting credential of a runner, for machines
        /// that keep nothing from one start to the next
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// What it may do for the account
        #[arg(long, value_enum, default_value_t = Scope::All, requires = "user")]
        scope: Scope,
        /// After so many days it is worth nothing; without this it has no end
        #[arg(long, value_name = "DAYS")]
        expires_days: Option<i32>,
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
        let Self::Create { name, runner, user, scope, expires_days } = self;
        let lifetime = Lifetime::of_days(expires_days).map_err(said)?;
        let new = NewToken { name: TokenName::parse(&name).map_err(said)?, scope: scope.into(), lifetime };
        let site = Site::open(config).await?;
        let made = match user {
            Some(user) => account::create_user_token(&site.app, &user, new).await,
            None if runner => {
                runner::create_registration(&site.app, &new.name, Validity::USUAL).await.map(|made| made.0)
            }
            None => account::create_runner_token(&site.app, &name, lifetime).await,
        };
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

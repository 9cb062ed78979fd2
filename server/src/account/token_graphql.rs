//! Tokens in GraphQL. Their secrets leave once, in the answer that made them.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::api_token;

use super::token::{self, Lifetime, NewToken, TokenName};
use crate::{
    error::Result,
    graphql::{ContextExt, parse_id},
};

/// What a token may do. Each may what the one before it may; none may touch tokens, passwords or log-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "api_token::Scope")]
pub enum TokenScope {
    /// Look at whatever its owner sees; change nothing.
    Read,
    /// Send files too, and change what one's own videos are called and who sees them.
    Upload,
    /// Everything else that its owner may.
    All,
}

/// A token for a program, without its secret.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "ApiToken")]
pub struct ApiTokenObject {
    id: ID,
    name: String,
    scope: TokenScope,
    created_at: DateTime<Utc>,
    /// Null when it has no end.
    expires_at: Option<DateTime<Utc>>,
    /// To the minute; null when it was never used.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<api_token::Model> for ApiTokenObject {
    fn from(row: api_token::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            name: row.name,
            scope: row.scope.unwrap_or(api_token::Scope::Read).into(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// A token that was just made.
#[derive(SimpleObject)]
pub struct NewApiToken {
    /// The secret, to be sent as `Authorization: Bearer`. It is shown this once and kept nowhere.
    token: String,
    api_token: ApiTokenObject,
}

/// A token that somebody wants for a program.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// What it is for: 1 to 60 characters.
    name: String,
    scope: TokenScope,
    /// 1 to 3650; without it the token has no end.
    expires_in_days: Option<i32>,
}

#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a token for a program. Only a person who has logged in can do this.
    async fn create_api_token(&self, ctx: &Context<'_>, input: CreateApiTokenInput) -> Result<NewApiToken> {
        let viewer = ctx.requester().viewer()?;
        viewer.in_person()?;
        let new = NewToken {
            name: TokenName::parse(&input.name)?,
            scope: input.scope.into(),
            lifetime: Lifetime::of_days(input.expires_in_days)?,
        };
        let (token, row) = token::create(ctx.app(), viewer.user.id, new).await?;
        Ok(NewApiToken { token, api_token: row.into() })
    }

    /// Ends a token of one's own at once. Safe to repeat.
    async fn revoke_api_token(&self, ctx: &Context<'_>, id: ID) -> Result<bool> {
        let viewer = ctx.requester().viewer()?;
        token::revoke(ctx.app(), viewer, parse_id(&id, "token")?).await?;
        Ok(true)
    }
}

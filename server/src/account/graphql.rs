//! Accounts in GraphQL.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::user;

use super::{CookieSettings, service, token, token_graphql::ApiTokenObject};
use crate::{
    config,
    error::Result,
    graphql::{Bytes, ContextExt, PageInput, load},
    video::{UploaderCountKey, VideoConnection, listing},
    webhook::{self, WebhookObject},
};

/// What an account may do beyond its own things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "user::Role")]
pub enum UserRole {
    Member,
    Moderator,
    Admin,
}

/// Who may make an account on this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "config::SignUp")]
pub enum SignUpPolicy {
    /// Everybody.
    Open,
    /// Whoever the administrator makes one for.
    Invite,
    /// Nobody.
    Closed,
}

/// What a page needs to know of the site.
#[derive(Clone, Debug, SimpleObject)]
pub struct Site {
    sign_up: SignUpPolicy,
    /// The largest file that may be uploaded.
    max_upload_bytes: Bytes,
}

/// An account.
#[derive(Clone, Debug)]
pub struct UserObject(pub user::Model);

#[Object(name = "User")]
impl UserObject {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// As its owner wrote it; upper and lower case are the same name.
    async fn username(&self) -> &str {
        &self.0.username
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Known to the account itself only.
    async fn role(&self, ctx: &Context<'_>) -> Option<UserRole> {
        ctx.requester().owns(self.0.id).then(|| self.0.role.into())
    }

    /// The account's tokens for programs, newest first; those that expired stay listed for a month. Nobody else
    /// sees any, and a token sees none either.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiTokenObject>> {
        if !ctx.requester().owns(self.0.id) {
            return Ok(Vec::new());
        }
        let rows = token::list(ctx.app(), ctx.requester().viewer()?).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Who is told what happens to videos, oldest first. Nobody else sees any, and a token sees none either.
    async fn webhooks(&self, ctx: &Context<'_>) -> Result<Vec<WebhookObject>> {
        if !ctx.requester().owns(self.0.id) {
            return Ok(Vec::new());
        }
        let rows = webhook::list(ctx.app(), ctx.requester().viewer()?).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// How many videos of this account the viewer can list.
    async fn video_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let count = load(ctx, UploaderCountKey(self.0.id)).await?.unwrap_or_default();
        Ok(if ctx.requester().owns(self.0.id) { count.all } else { count.listed })
    }

    /// The account's videos, newest first. Its owner also sees those that are private, unlisted,
    /// processing or failed.
    async fn videos(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<VideoConnection> {
        listing::of_uploader(ctx.app(), self.0.id, ctx.requester(), &PageInput::parse(first, after)?).await
    }
}

/// A log-in. Browsers also get it as a cookie; other clients send the token as `Authorization: Bearer`.
#[derive(SimpleObject)]
pub struct Session {
    token: String,
    expires_at: DateTime<Utc>,
    user: UserObject,
}

/// A new account.
#[derive(InputObject)]
pub struct SignUpInput {
    /// 3 to 30 letters (a–z), digits, dots, hyphens or underscores.
    username: String,
    /// 8 to 128 characters.
    #[graphql(secret)]
    password: String,
}

/// Name and password.
#[derive(InputObject)]
pub struct LogInInput {
    username: String,
    #[graphql(secret)]
    password: String,
}

#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account that is logged in; null for a guest.
    async fn me(&self, ctx: &Context<'_>) -> Option<UserObject> {
        ctx.requester().viewer().ok().map(|viewer| UserObject(viewer.user.clone()))
    }

    /// The account of that name.
    async fn user(&self, ctx: &Context<'_>, username: String) -> Result<Option<UserObject>> {
        if username.contains('\0') {
            return Ok(None);
        }
        let found = user::Entity::by_username(&username).one(&ctx.app().database).await?;
        Ok(found.filter(|user| user.disabled_at.is_none()).map(UserObject))
    }

    /// What this site allows.
    async fn site(&self, ctx: &Context<'_>) -> Site {
        let config = &ctx.app().config;
        Site { sign_up: config.sign_up.into(), max_upload_bytes: Bytes::from(config.max_upload_bytes) }
    }
}

#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account and logs it in.
    async fn sign_up(&self, ctx: &Context<'_>, input: SignUpInput) -> Result<Session> {
        let new = service::sign_up(ctx.app(), ctx.address(), &input.username, input.password).await?;
        Ok(Session::begin(ctx, new))
    }

    /// Logs in.
    async fn log_in(&self, ctx: &Context<'_>, input: LogInInput) -> Result<Session> {
        let new = service::log_in(ctx.app(), ctx.address(), &input.username, input.password).await?;
        Ok(Session::begin(ctx, new))
    }

    /// Ends the log-in that sent this, everywhere and at once. True also for a guest.
    async fn log_out(&self, ctx: &Context<'_>) -> Result<bool> {
        if let Ok(viewer) = ctx.requester().viewer() {
            service::log_out(ctx.app(), viewer).await?;
        }
        ctx.append_http_header("set-cookie", CookieSettings::new(&ctx.app().config).remove());
        Ok(true)
    }
}

impl Session {
    fn begin(ctx: &Context<'_>, new: service::NewSession) -> Self {
        ctx.append_http_header("set-cookie", CookieSettings::new(&ctx.app().config).keep(&new.token));
        Self { token: new.token, expires_at: new.expires_at, user: UserObject(new.user) }
    }
}

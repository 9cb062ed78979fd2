//! Videos in GraphQL: queries, mutations, the subscription.

use async_graphql::{Context, ID, InputObject, Object, Subscription};
use futures::Stream;
use kinora_entity::VideoId;

use super::{
    Description, Tag, TagName, Title, VideoObject, VisibilityKind,
    chapter::{self, ChapterInput},
    listing::{self, Filter, VideoConnection, VideoOrder},
    opinion,
    progress::{self, VideoProgress},
    search::Search,
    service::{self, Changes},
    tag, view,
};
use crate::{
    error::{Error, Result},
    graphql::{ContextExt, PageInput, parse_id},
};

#[derive(Default)]
pub struct VideoQuery;

#[Object]
impl VideoQuery {
    /// The video of that id: also an unlisted one, and a private one for its uploader.
    async fn video(&self, ctx: &Context<'_>, id: ID) -> Result<Option<VideoObject>> {
        let Ok(id) = id.parse::<VideoId>() else { return Ok(None) };
        match service::visible(ctx.app(), ctx.requester(), id).await {
            Ok(video) => Ok(Some(VideoObject(video))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Public videos. `search` looks through titles, tags, descriptions and uploaders; `tags` must all
    /// be carried. Without `order` a search is ordered by how well it fits, everything else by age.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn videos(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        tags: Option<Vec<String>>,
        uploader: Option<String>,
        order: Option<VideoOrder>,
    ) -> Result<VideoConnection> {
        let filter = Filter {
            search: Search::parse(search.as_deref())?,
            tags: TagName::parse_all(&tags.unwrap_or_default())?,
            uploader,
            order,
        };
        listing::listed(ctx.app(), &filter, &PageInput::parse(first, after)?).await
    }

    /// The most used tags that begin with `prefix`.
    async fn tags(&self, ctx: &Context<'_>, prefix: Option<String>, first: Option<i32>) -> Result<Vec<Tag>> {
        tag::popular(ctx.app(), prefix.as_deref(), first).await
    }
}

/// What to change; a field that is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateVideoInput {
    id: ID,
    title: Option<String>,
    description: Option<String>,
    /// Replaces all tags.
    tags: Option<Vec<String>>,
    visibility: Option<VisibilityKind>,
    /// Whether its media are encrypted. A video that can be played already is made anew for that, and plays as it is
    /// until then. Without a word, one that becomes private becomes protected.
    protected: Option<bool>,
    /// Replaces all chapters.
    chapters: Option<Vec<ChapterInput>>,
}

#[derive(Default)]
pub struct VideoMutation;

#[Object]
impl VideoMutation {
    /// Changes a video of one's own.
    async fn update_video(&self, ctx: &Context<'_>, input: UpdateVideoInput) -> Result<VideoObject> {
        let viewer = ctx.requester().viewer()?;
        let id = parse_id(&input.id, "video")?;
        let changes = Changes {
            title: input.title.map(|text| Title::parse(&text)).transpose()?,
            description: input.description.map(|text| Description::parse(&text)).transpose()?,
            tags: input.tags.map(|names| TagName::parse_all(&names)).transpose()?,
            visibility: input.visibility.map(Into::into),
            is_protected: input.protected,
            chapters: input.chapters.map(chapter::parse).transpose()?,
        };
        service::update(ctx.app(), viewer, id, changes).await.map(VideoObject)
    }

    /// Deletes a video of one's own, with everything that was made from it.
    async fn delete_video(&self, ctx: &Context<'_>, id: ID) -> Result<bool> {
        let viewer = ctx.requester().viewer()?;
        service::delete(ctx.shared_app(), viewer, parse_id(&id, "video")?).await?;
        Ok(true)
    }

    /// Gives 1 to 10 stars; 0 takes them back.
    async fn rate_video(&self, ctx: &Context<'_>, video_id: ID, stars: i32) -> Result<VideoObject> {
        let viewer = ctx.requester().viewer()?;
        opinion::rate(ctx.app(), viewer, parse_id(&video_id, "video")?, stars).await.map(VideoObject)
    }

    /// Makes a video a favourite, or not any more.
    async fn favorite_video(&self, ctx: &Context<'_>, video_id: ID, favorite: bool) -> Result<VideoObject> {
        let viewer = ctx.requester().viewer()?;
        opinion::favorite(ctx.app(), viewer, parse_id(&video_id, "video")?, favorite).await.map(VideoObject)
    }

    /// Says that a video is being watched. True when it counted: once a viewer and day, after two
    /// seconds or half of a shorter video.
    async fn record_view(&self, ctx: &Context<'_>, video_id: ID, position_ms: i32) -> Result<bool> {
        let id = parse_id(&video_id, "video")?;
        view::record(ctx.app(), ctx.requester(), ctx.address(), id, position_ms).await
    }
}

#[derive(Default)]
pub struct VideoSubscription;

#[Subscription]
impl VideoSubscription {
    /// How far the processing of a video is: the present state at once, then every change. It ends
    /// when processing has.
    async fn video_progress(
        &self,
        ctx: &Context<'_>,
        video_id: ID,
    ) -> Result<impl Stream<Item = Result<VideoProgress>>> {
        let id = parse_id(&video_id, "video")?;
        progress::follow(ctx.shared_app().clone(), ctx.requester().clone(), id).await
    }
}

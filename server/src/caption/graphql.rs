//! Captions in GraphQL.

use async_graphql::{Context, ID, InputObject, Object};

use super::{
    Cues, Language,
    loader::Track,
    service::{self, NewCaption},
};
use crate::{
    error::Result,
    graphql::{ContextExt, parse_id},
    video::Label,
};

/// A track of text over a video.
pub struct Caption(pub Track);

#[Object]
impl Caption {
    /// BCP 47; `und` where it is not known.
    async fn language(&self) -> &str {
        &self.0.language
    }

    /// What it is called besides its language, such as “Director's comments”.
    async fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// WebVTT. Another address whenever the text is another.
    async fn url(&self, ctx: &Context<'_>) -> String {
        let Track { video_id, language, updated_at, .. } = &self.0;
        let origin = ctx.app().config.origin();
        format!("{origin}/v/{video_id}/captions/{language}.vtt?at={}", updated_at.timestamp_millis())
    }
}

/// A WebVTT or SubRip file for a video of one's own.
#[derive(InputObject)]
pub struct SetCaptionInput {
    video_id: ID,
    /// BCP 47: `en`, `pt-BR`.
    language: String,
    label: Option<String>,
    /// What the file holds, at most 512 KB.
    text: String,
}

#[derive(Default)]
pub struct CaptionMutation;

#[Object]
impl CaptionMutation {
    /// Adds captions in one language, or replaces those that are there.
    async fn set_caption(&self, ctx: &Context<'_>, input: SetCaptionInput) -> Result<Caption> {
        let viewer = ctx.requester().viewer()?;
        let video = parse_id(&input.video_id, "video")?;
        let new = NewCaption {
            language: Language::parse(&input.language)?,
            label: input.label.as_deref().map(Label::parse).transpose()?,
            cues: Cues::parse(&input.text)?,
        };
        let saved = service::set(ctx.app(), viewer, video, new).await?;
        Ok(Caption(Track::of(&saved)))
    }

    /// Takes the captions of one language away.
    async fn delete_caption(&self, ctx: &Context<'_>, video_id: ID, language: String) -> Result<bool> {
        let viewer = ctx.requester().viewer()?;
        let video = parse_id(&video_id, "video")?;
        service::delete(ctx.app(), viewer, video, &Language::parse(&language)?).await?;
        Ok(true)
    }
}

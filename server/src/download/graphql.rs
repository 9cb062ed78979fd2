//! Downloads in GraphQL.

use async_graphql::{Context, Enum, ID, Object};

use super::{loader::DownloadRow, service};
use crate::{
    error::Result,
    graphql::{Bytes, ContextExt, parse_id},
    video::RenditionKind,
};

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DownloadState {
    /// Not made yet, or not any more: `prepareDownload` has it made.
    Absent,
    /// Being made.
    Preparing,
    /// At `url`.
    Ready,
    /// It could not be made. `prepareDownload` tries again.
    Failed,
}

/// A rendition as one file.
#[derive(Clone, Debug)]
pub struct Download(pub DownloadRow);

#[Object]
impl Download {
    /// Its name: `720p`, `720p-hevc`, or `audio`.
    async fn rendition(&self) -> &str {
        &self.0.rendition
    }

    /// Pictures with their sound, or the sound alone.
    async fn kind(&self) -> RenditionKind {
        self.0.kind.into()
    }

    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    /// While it is not made, the size of what it is made from, which is nearly the same.
    async fn size(&self) -> Bytes {
        Bytes(self.0.size_bytes.unwrap_or(self.0.parts_bytes))
    }

    async fn state(&self) -> DownloadState {
        let DownloadRow { size_bytes, is_preparing, has_failed, .. } = self.0;
        match (size_bytes, is_preparing, has_failed) {
            (Some(_), ..) => DownloadState::Ready,
            (None, true, _) => DownloadState::Preparing,
            (None, false, true) => DownloadState::Failed,
            (None, false, false) => DownloadState::Absent,
        }
    }

    /// Saves it; null while there is nothing to save.
    async fn url(&self, ctx: &Context<'_>) -> Option<String> {
        let DownloadRow { video_id, rendition, size_bytes, .. } = &self.0;
        let origin = ctx.app().config.origin();
        size_bytes.map(|_| format!("{origin}/v/{video_id}/download?rendition={rendition}"))
    }
}

#[derive(Default)]
pub struct DownloadMutation;

#[Object]
impl DownloadMutation {
    /// Has a rendition made into one file, if it is not there. Anybody may ask who may watch the video; the file is
    /// kept until nobody has asked for it for a week.
    async fn prepare_download(&self, ctx: &Context<'_>, video_id: ID, rendition: String) -> Result<Download> {
        let video = parse_id(&video_id, "video")?;
        service::prepare(ctx.app(), ctx.requester(), ctx.address(), video, &rendition).await.map(Download)
    }
}

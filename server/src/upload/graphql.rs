//! Uploads in GraphQL.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::{upload, video};

use super::{
    cleaning, completion, parts,
    sample::SampleHash,
    service::{self, DetailsChange, NewUpload},
};
use crate::{
    error::{Error, Result},
    graphql::{Bytes, ContextExt, load, parse_id},
    storage::PresignedRequest,
    video::{Description, TagName, Title, VideoKey, VideoObject, VisibilityKind},
};

/// How many unfinished uploads are listed: what has arrived of each is a question to the store.
const MOST_LISTED: u64 = 50;

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "UploadState", remote = "upload::State")]
pub enum UploadStateKind {
    /// Parts may be sent.
    Uploading,
    /// The file is whole and its video exists.
    Completed,
    /// Its owner gave it up.
    Aborted,
    /// Nobody came back in time.
    Expired,
}

/// A part that the store holds.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReceivedPart {
    number: i32,
    size: Bytes,
    /// Without quotes.
    etag: String,
}

/// A file on its way to the bucket. Visible to its owner only.
pub struct UploadObject(upload::Model);

#[Object(name = "Upload")]
impl UploadObject {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    async fn size(&self) -> Bytes {
        Bytes(self.0.size_bytes)
    }

    /// The length of every part but the last.
    async fn part_size(&self) -> Bytes {
        Bytes(self.0.part_size_bytes)
    }

    async fn part_count(&self) -> i32 {
        self.0.part_count
    }

    async fn state(&self) -> UploadStateKind {
        self.0.state.into()
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What the video will be called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    async fn tags(&self) -> &[String] {
        &self.0.tags.0
    }

    async fn visibility(&self) -> VisibilityKind {
        self.0.visibility.into()
    }

    /// As it was given when the upload began.
    async fn sample_hash(&self) -> Option<&str> {
        self.0.sample_hash.as_deref()
    }

    /// As it was given when the upload began.
    async fn modified_at(&self) -> Option<DateTime<Utc>> {
        self.0.modified_at
    }

    /// When it is given up unless something is heard of it.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// What the store really holds by now.
    async fn received_parts(&self, ctx: &Context<'_>) -> Result<Vec<ReceivedPart>> {
        let parts = parts::received_parts(ctx.app(), &self.0).await?;
        Ok(parts
            .into_iter()
            .map(|part| ReceivedPart { number: part.number, size: Bytes(part.size_bytes), etag: part.etag })
            .collect())
    }

    /// What became of it.
    async fn video(&self, ctx: &Context<'_>) -> Result<Option<VideoObject>> {
        let Some(id) = self.0.video_id else { return Ok(None) };
        Ok(load(ctx, VideoKey(id)).await?.map(VideoObject))
    }
}

/// A header that must be sent as it is.
#[derive(Clone, Debug, SimpleObject)]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl Header {
    /// The headers of a presigned request.
    pub fn all_of(request: &PresignedRequest) -> Vec<Self> {
        request
            .headers
            .iter()
            .map(|(name, value)| Self { name: name.clone(), value: value.clone() })
            .collect()
    }
}

/// Where to `PUT` one part. It takes exactly that part's length.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadPartUrl {
    number: i32,
    url: String,
    headers: Vec<Header>,
    expires_at: DateTime<Utc>,
}

/// A file that somebody wants to send, and what is known of the video already.
#[derive(InputObject)]
pub struct CreateUploadInput {
    file_name: String,
    size: Bytes,
    /// What the browser takes it for; only the bytes decide.
    content_type: Option<String>,
    /// Without one the file's name is used.
    title: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    /// Without one it is public.
    visibility: Option<VisibilityKind>,
    /// MD5, in hexadecimal, over the file's first, middle and last 64 KiB: first the bytes from 0, then those from
    /// half of (size − 64 KiB), then those from size − 64 KiB; of a file up to 192 KiB, over all of it. By it the
    /// same file is recognised later.
    sample_hash: Option<String>,
    /// When the file was last changed.
    modified_at: Option<DateTime<Utc>>,
}

/// What changes of the video that an upload will become.
#[derive(InputObject)]
pub struct UpdateUploadInput {
    id: ID,
    title: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    visibility: Option<VisibilityKind>,
}

/// A part that was sent, as the store answered it.
#[derive(InputObject)]
pub struct UploadedPartInput {
    /// From 1.
    number: i32,
    etag: String,
}

#[derive(Default)]
pub struct UploadQuery;

#[Object]
impl UploadQuery {
    /// An upload of one's own.
    async fn upload(&self, ctx: &Context<'_>, id: ID) -> Result<Option<UploadObject>> {
        let viewer = ctx.requester().viewer()?;
        let Ok(id) = id.parse() else { return Ok(None) };
        match service::owned(ctx.app(), viewer, id).await {
            Ok(row) => Ok(Some(UploadObject(row))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One's own unfinished uploads, the newest first, at most 50.
    async fn unfinished_uploads(&self, ctx: &Context<'_>) -> Result<Vec<UploadObject>> {
        let viewer = ctx.requester().viewer()?;
        let rows = service::unfinished(ctx.app(), viewer, MOST_LISTED).await?;
        Ok(rows.into_iter().map(UploadObject).collect())
    }

    /// One's own video that was made of the same file.
    async fn video_of_file(
        &self,
        ctx: &Context<'_>,
        sample_hash: String,
        size: Bytes,
    ) -> Result<Option<VideoObject>> {
        let viewer = ctx.requester().viewer()?;
        let sample = SampleHash::parse(&sample_hash)?;
        Ok(service::video_of_file(ctx.app(), viewer, &sample, size.0).await?.map(VideoObject))
    }
}

#[derive(Default)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Begins an upload. Nothing is listed before it is complete.
    async fn create_upload(&self, ctx: &Context<'_>, input: CreateUploadInput) -> Result<UploadObject> {
        let viewer = ctx.requester().viewer()?;
        if input.content_type.is_some_and(|kind| kind.len() > 255) {
            return Err(Error::bad_input("contentType", "A content type has at most 255 characters."));
        }
        let new = NewUpload {
            file_name: input.file_name,
            size_bytes: input.size.0,
            title: input
                .title
                .filter(|text| !text.trim().is_empty())
                .map(|text| Title::parse(&text))
                .transpose()?,
            description: Description::parse(input.description.as_deref().unwrap_or_default())?,
            tags: TagName::parse_all(&input.tags.unwrap_or_default())?,
            visibility: input.visibility.map_or(video::Visibility::Public, Into::into),
            sample_hash: input.sample_hash.as_deref().map(SampleHash::parse).transpose()?,
            modified_at: input.modified_at,
        };
        service::create(ctx.app(), viewer, new).await.map(UploadObject)
    }

    /// Changes what the video will be called, while its bytes are on their way.
    async fn update_upload(&self, ctx: &Context<'_>, input: UpdateUploadInput) -> Result<UploadObject> {
        let viewer = ctx.requester().viewer()?;
        let id = parse_id(&input.id, "upload")?;
        let change = DetailsChange {
            title: input.title.as_deref().map(Title::parse).transpose()?,
            description: input.description.as_deref().map(Description::parse).transpose()?,
            tags: input.tags.as_deref().map(TagName::parse_all).transpose()?,
            visibility: input.visibility.map(Into::into),
        };
        service::describe(ctx.app(), viewer, id, change).await.map(UploadObject)
    }

    /// Addresses for parts; asking again gives fresh ones.
    async fn sign_upload_parts(
        &self,
        ctx: &Context<'_>,
        upload_id: ID,
        part_numbers: Vec<i32>,
    ) -> Result<Vec<UploadPartUrl>> {
        let viewer = ctx.requester().viewer()?;
        let id = parse_id(&upload_id, "upload")?;
        let signed = parts::sign_parts(ctx.app(), viewer, id, &part_numbers).await?;
        Ok(signed
            .into_iter()
            .map(|(number, request)| UploadPartUrl {
                number,
                headers: Header::all_of(&request),
                url: request.url,
                expires_at: request.expires_at,
            })
            .collect())
    }

    /// Makes a video of an upload of which every part has arrived. Safe to repeat. Without `parts` the
    /// store's own list decides.
    async fn complete_upload(
        &self,
        ctx: &Context<'_>,
        upload_id: ID,
        parts: Option<Vec<UploadedPartInput>>,
    ) -> Result<VideoObject> {
        let viewer = ctx.requester().viewer()?;
        let id = parse_id(&upload_id, "upload")?;
        let parts: Option<Vec<(i32, String)>> =
            parts.map(|parts| parts.into_iter().map(|part| (part.number, part.etag)).collect());
        completion::complete(ctx.app(), viewer, id, parts.as_deref()).await.map(VideoObject)
    }

    /// Gives an upload up and frees what has arrived.
    async fn abort_upload(&self, ctx: &Context<'_>, upload_id: ID) -> Result<bool> {
        let viewer = ctx.requester().viewer()?;
        cleaning::abort(ctx.app(), viewer, parse_id(&upload_id, "upload")?).await?;
        Ok(true)
    }
}

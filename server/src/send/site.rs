//! The site that files go to, asked again where that can help.

use std::{future::Future, time::Duration};

use cynic::{MutationBuilder, QueryBuilder};
use kinora_runner::api::{Api, ApiError, Backoff, http_client};
use tokio::time::Instant;
use url::Url;

use super::{
    error::SendError,
    operations::{
        AbortUpload, ByteCount, CompleteUpload, CompleteVariables, CreateUpload, CreateUploadInput,
        CreateVariables, FileVariables, FindUpload, FindVideo, FindVideoOfFile, IdVariables, PartUrl,
        SignParts, SignVariables, UpdateVariables, UpdateVideo, UpdateVideoInput, Upload, UploadedPartInput,
        Video,
    },
    progress::Progress,
};

/// A person who mistyped the address should not wait long for the first word.
const FIRST_PATIENCE: Duration = Duration::from_secs(8);
/// A restart of the server or of the line in the middle of a file is waited out.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Speaks for one person.
#[derive(Clone)]
pub struct Site {
    /// The site's address.
    pub server: Url,
    pub http: reqwest::Client,
    api: Api,
}

impl Site {
    /// # Errors
    /// UNREACHABLE when the system gives no way to make TLS connections.
    pub fn new(server: &Url, token: &str) -> Result<Self, SendError> {
        let http = http_client(concat!("kinora-upload/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| SendError::new("UNREACHABLE", format!("No connection can be made: {error}.")))?;
        let mut server = server.clone();
        server.set_query(None);
        server.set_fragment(None);
        Ok(Self { api: Api::new(&server, token, http.clone()), server, http })
    }

    /// Where a video is watched.
    pub fn address_of(&self, video: &cynic::Id) -> String {
        format!("{}/watch/{}", self.server.as_str().trim_end_matches('/'), video.inner())
    }

    /// Begins an upload. With little patience: one that got lost on the way may have begun, and holds its bytes of
    /// the quota until the server gives it up after a day.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn create(&self, input: CreateUploadInput) -> Result<Upload, SendError> {
        let ask = || self.api.send(CreateUpload::build(CreateVariables { input: input.clone() }));
        Ok(again(FIRST_PATIENCE, None, ask).await?.create_upload)
    }

    /// The upload of that id, if it is this person's.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn upload(&self, id: &str, first: bool) -> Result<Option<Upload>, SendError> {
        let ask = || self.api.send(FindUpload::build(IdVariables { id: cynic::Id::new(id) }));
        Ok(again(if first { FIRST_PATIENCE } else { PATIENCE }, None, ask).await?.upload)
    }

    /// This person's video of the same file, if there is one that has not failed.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn video_of_file(&self, sample: &str, size_bytes: u64) -> Result<Option<Video>, SendError> {
        let variables = FileVariables { sample: sample.to_owned(), size: ByteCount(size_bytes) };
        let ask = || self.api.send(FindVideoOfFile::build(variables.clone()));
        Ok(again(FIRST_PATIENCE, None, ask).await?.video_of_file)
    }

    /// Fresh addresses for parts.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn sign(
        &self,
        id: &cynic::Id,
        numbers: &[i32],
        progress: &Progress,
    ) -> Result<Vec<PartUrl>, SendError> {
        let variables = SignVariables { id: id.clone(), numbers: numbers.to_vec() };
        let ask = || self.api.send(SignParts::build(variables.clone()));
        Ok(again(PATIENCE, Some(progress), ask).await?.sign_upload_parts)
    }

    /// Makes the video. One that succeeded although its answer was lost is answered the same again.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn complete(
        &self,
        id: &cynic::Id,
        parts: Vec<UploadedPartInput>,
        progress: &Progress,
    ) -> Result<Video, SendError> {
        let variables = CompleteVariables { id: id.clone(), parts: Some(parts) };
        let ask = || self.api.send(CompleteUpload::build(variables.clone()));
        Ok(again(PATIENCE, Some(progress), ask).await?.complete_upload)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn abort(&self, id: &cynic::Id) -> Result<(), SendError> {
        let ask = || self.api.send(AbortUpload::build(IdVariables { id: id.clone() }));
        again(FIRST_PATIENCE, None, ask).await?;
        Ok(())
    }

    /// Changes what a video is called and who sees it.
    ///
    /// # Errors
    /// [`SendError`], in the server's words.
    pub async fn update(&self, input: UpdateVideoInput) -> Result<Video, SendError> {
        let ask = || self.api.send(UpdateVideo::build(UpdateVariables { input: input.clone() }));
        Ok(again(PATIENCE, None, ask).await?.update_video)
    }

    /// The video of that id.
    ///
    /// # Errors
    /// NOT_FOUND when it was deleted meanwhile, or [`SendError`] in the server's words.
    pub async fn video(&self, id: &cynic::Id, progress: &Progress) -> Result<Video, SendError> {
        let ask = || self.api.send(FindVideo::build(IdVariables { id: id.clone() }));
        again(PATIENCE, Some(progress), ask)
            .await?
            .video
            .ok_or_else(|| SendError::new("NOT_FOUND", "The video is gone: somebody deleted it."))
    }
}

/// Repeats a request for as long as that can help and patience lasts.
async fn again<T, F, Fut>(patience: Duration, progress: Option<&Progress>, mut ask: F) -> Result<T, ApiError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, ApiError>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(10));
    let mut give_up_at = Instant::now() + patience;
    let mut waiting = false;
    loop {
        let error = match ask().await {
            Ok(answer) => {
                if let Some(progress) = progress.filter(|_| waiting) {
                    progress.say("");
                }
                return Ok(answer);
            }
            Err(error) => error,
        };
        if let Some(wait) = error.retry_after() {
            // A server that says when to come back is there: our patience begins anew then.
            give_up_at = Instant::now() + wait + patience;
        }
        if !error.is_transient() || Instant::now() > give_up_at {
            return Err(error);
        }
        waiting = true;
        if let Some(progress) = progress {
            progress.say("waiting for the server");
        }
        tokio::time::sleep(backoff.next_pause().max(error.retry_after().unwrap_or_default())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(code: &str) -> ApiError {
        ApiError::Rejected { code: code.to_owned(), message: "…".to_owned() }
    }

    #[tokio::test]
    async fn what_may_pass_is_waited_out_and_nothing_else() {
        let mut tries = 0;
        let begun = Instant::now();
        // Patience is shorter than what the server asks for.
        let answer = again(Duration::from_millis(600), None, || {
            tries += 1;
            let nth = tries;
            async move {
                match nth {
                    1 => Err(ApiError::Unreachable("away".to_owned())),
                    2 => Err(ApiError::Busy { retry_after: Duration::from_millis(900) }),
                    3 => Err(rejected("UNAVAILABLE")),
                    _ => Ok(nth),
                }
            }
        })
        .await;
        assert!(matches!(answer, Ok(4)), "{answer:?}");
        assert!(begun.elapsed() >= Duration::from_millis(900));
        let answer: Result<(), _> = again(PATIENCE, None, || async { Err(rejected("QUOTA_EXCEEDED")) }).await;
        assert_eq!(
            answer.map_err(SendError::from).map_err(|error| error.code),
            Err("QUOTA_EXCEEDED".to_owned())
        );
    }
}

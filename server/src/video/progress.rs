//! How far the processing of a video is, once and live.

use std::time::Duration;

use async_graphql::{ID, SimpleObject};
use futures::Stream;
use kinora_entity::{VideoId, video};
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::{
    ProcessingStage, service,
    types::{Failure, VideoStateKind},
    work::Work,
};
use crate::{account::Requester, app::SharedApp, error::Result, events::Event};

/// Lost news are made up for after this long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// How far the processing of a video is.
#[derive(Clone, Debug, SimpleObject)]
pub struct VideoProgress {
    video_id: ID,
    state: VideoStateKind,
    playable: bool,
    /// 0 to 100.
    percent: f64,
    /// Null once processing has ended.
    stage: Option<ProcessingStage>,
    /// Time left, from the speed so far.
    eta_ms: Option<i64>,
    /// How far each part of the video is, from 0 to 1, in their order; at most 60. Empty while nothing is planned,
    /// and for what is made in one piece.
    parts: Vec<f64>,
    failure: Option<Failure>,
}

impl VideoProgress {
    pub fn of(video: &video::Model, work: &Work, requester: &Requester) -> Self {
        let (percent, stage, eta_ms) = match video.state {
            video::State::Ready => (100.0, None, None),
            video::State::Failed => (0.0, None, None),
            video::State::Processing => (work.percent(), Some(work.stage()), work.eta_ms()),
        };
        Self {
            video_id: video.id.to_string().into(),
            state: video.state.into(),
            playable: video.published_attempt.is_some(),
            percent,
            stage,
            eta_ms,
            parts: if video.state == video::State::Processing { work.cells() } else { Vec::new() },
            failure: Failure::of(video).filter(|_| requester.owns(video.uploader_id)),
        }
    }

    fn has_ended(&self) -> bool {
        self.stage.is_none()
    }

    fn differs_from(&self, other: &Self) -> bool {
        (self.state, self.playable, self.stage, self.eta_ms)
            != (other.state, other.playable, other.stage, other.eta_ms)
            || (self.percent - other.percent).abs() > f64::EPSILON
    }
}

async fn current(app: &SharedApp, requester: &Requester, id: VideoId) -> Result<VideoProgress> {
    let video = service::visible(app, requester, id).await?;
    let work = Work::of_all(&app.database, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(VideoProgress::of(&video, &work, requester))
}

/// The present state at once, then every change, until processing has ended. Every item is authorised
/// anew: a video that becomes private or is deleted ends the stream with NOT_FOUND.
///
/// # Errors
/// NOT_FOUND.
pub async fn follow(
    app: SharedApp,
    requester: Requester,
    id: VideoId,
) -> Result<impl Stream<Item = Result<VideoProgress>>> {
    let events = app.events.subscribe();
    let first = current(&app, &requester, id).await?;
    let state = Following { app, requester, id, events, last: None, next: Some(Ok(first)) };
    Ok(futures::stream::unfold(Some(state), |state| async move {
        let mut state = state?;
        let item = state.next().await?;
        match &item {
            Ok(progress) if !progress.has_ended() => {
                state.last = Some(progress.clone());
                Some((item, Some(state)))
            }
            _ => Some((item, None)),
        }
    }))
}

struct Following {
    app: SharedApp,
    requester: Requester,
    id: VideoId,
    events: tokio::sync::broadcast::Receiver<Event>,
    last: Option<VideoProgress>,
    next: Option<Result<VideoProgress>>,
}

impl Following {
    async fn next(&mut self) -> Option<Result<VideoProgress>> {
        if let Some(item) = self.next.take() {
            return Some(item);
        }
        let mut look_again_at = Instant::now() + LOOK_AGAIN_AFTER;
        loop {
            match tokio::time::timeout_at(look_again_at, self.events.recv()).await {
                Ok(Ok(Event::Video(id))) if id == self.id => {}
                Ok(Ok(_)) => continue,
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
            }
            match current(&self.app, &self.requester, self.id).await {
                Ok(progress) if self.last.as_ref().is_some_and(|last| !progress.differs_from(last)) => {}
                // A chunk that is encoded once more takes nothing away from what was shown.
                Ok(mut progress) => {
                    let shown = self.last.as_ref().map_or(0.0, |last| last.percent);
                    progress.percent =
                        if progress.has_ended() { progress.percent } else { progress.percent.max(shown) };
                    return Some(Ok(progress));
                }
                // A database that is away for a moment ends nothing.
                Err(crate::error::Error::Unavailable(_)) => {}
                item => return Some(item),
            }
            look_again_at = Instant::now() + LOOK_AGAIN_AFTER;
        }
    }
}

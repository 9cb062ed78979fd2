//! What the server makes of a file, as it happens.

use cynic::{QueryBuilder, SubscriptionBuilder};
use futures::StreamExt;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use super::{row::Row, stage::Stage};
use crate::{
    api::{
        self, ErrorCode, ProcessingStage, ProgressSubscription, ProgressVariables, VideoProgress, VideoQuery,
        VideoState, VideoVariables,
    },
    feature::feed::forget_visit,
    session::Session,
    ui::now_ms,
};

/// Numbers move no more often than this.
const EVERY_MS: f64 = 1_000.0;
/// A subscription that was refused is asked for again after this.
const AGAIN_MS: u32 = 3_000;

/// Follows a video until it is ready or has failed.
pub async fn follow(row: Row, video_id: String, session: Session) {
    let mut told_at = f64::NEG_INFINITY;
    loop {
        let variables = ProgressVariables { video_id: video_id.clone().into() };
        let mut events = api::subscribe(ProgressSubscription::build(variables));
        while let Some(event) = events.next().await {
            let event = match event {
                Ok(event) => event,
                // To somebody who is logged out it may only be invisible.
                Err(error) if error.code == ErrorCode::NotFound && untrack(|| session.signed_in()) => {
                    row.stage.set(Stage::Failed("This video was deleted.".to_owned()));
                    return;
                }
                Err(_) => break,
            };
            let progress = event.video_progress;
            let stage = stage_of(&progress, &row.file_name());
            // A change of stage is told at once, a number once a second.
            let news = row.stage.with_untracked(|before| is_news(before, &stage));
            if !news && now_ms() - told_at < EVERY_MS {
                continue;
            }
            told_at = now_ms();
            let over = stage.is_over();
            row.stage.set(stage);
            if over {
                forget_visit();
                show_poster(row, &video_id).await;
                return;
            }
        }
        TimeoutFuture::new(AGAIN_MS).await;
    }
}

fn is_news(before: &Stage, after: &Stage) -> bool {
    match (before, after) {
        (
            Stage::Processing { words: old, playable: was, .. },
            Stage::Processing { words: new, playable: is, .. },
        ) => old != new || was != is,
        _ => true,
    }
}

fn stage_of(progress: &VideoProgress, file_name: &str) -> Stage {
    match progress.state {
        VideoState::Ready => Stage::Ready,
        VideoState::Failed => {
            let reason = progress.failure.as_ref().map(|failure| failure.message.clone());
            Stage::Failed(reason.unwrap_or_else(|| format!("{file_name} could not be processed.")))
        }
        VideoState::Processing => Stage::Processing {
            percent: progress.percent.clamp(0.0, 100.0),
            words: words(progress.stage).to_owned(),
            left_ms: progress.eta_ms.map(f64::from),
            playable: progress.playable,
        },
    }
}

fn words(stage: Option<ProcessingStage>) -> &'static str {
    match stage {
        None | Some(ProcessingStage::Queued) => "Waiting to be processed",
        Some(ProcessingStage::Downloading) => "Fetching",
        Some(ProcessingStage::Probing) => "Looking at it",
        Some(ProcessingStage::Encoding) => "Making qualities",
        Some(ProcessingStage::Uploading) => "Storing",
        Some(ProcessingStage::Publishing) => "Publishing",
    }
}

/// The real poster in place of the local still, where there was none.
async fn show_poster(row: Row, video_id: &str) {
    if row.still.with_untracked(Option::is_some) {
        return;
    }
    let answer = api::send(VideoQuery::build(VideoVariables { id: video_id.into() })).await;
    if let Some(url) = answer.ok().and_then(|answer| answer.video?.poster_url) {
        row.still.set(Some(url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Failure;

    fn progress(state: VideoState, failure: Option<&str>) -> VideoProgress {
        VideoProgress {
            video_id: "v".into(),
            state,
            playable: false,
            percent: 140.0,
            stage: None,
            eta_ms: None,
            parts: Vec::new(),
            failure: failure.map(|message| Failure {
                code: "MEDIA_TRUNCATED".into(),
                message: message.into(),
                can_retry: false,
            }),
        }
    }

    #[test]
    fn a_failure_is_told_in_the_servers_words() {
        let stage = stage_of(&progress(VideoState::Failed, Some("It ends in the middle.")), "cat.mp4");
        assert_eq!(stage, Stage::Failed("It ends in the middle.".into()));
        let stage = stage_of(&progress(VideoState::Failed, None), "cat.mp4");
        assert_eq!(stage, Stage::Failed("cat.mp4 could not be processed.".into()));
    }

    #[test]
    fn percent_stays_within_its_bounds() {
        assert!(
            matches!(stage_of(&progress(VideoState::Processing, None), "a"), Stage::Processing { percent, .. } if percent == 100.0)
        );
    }

    #[test]
    fn a_number_alone_is_no_news() {
        let at = |percent, words: &str| Stage::Processing {
            percent,
            words: words.into(),
            left_ms: None,
            playable: false,
        };
        assert!(!is_news(&at(1.0, "Fetching"), &at(9.0, "Fetching")));
        assert!(is_news(&at(9.0, "Fetching"), &at(9.0, "Storing")));
        assert!(is_news(&at(9.0, "Storing"), &Stage::Ready));
    }
}

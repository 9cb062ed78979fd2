//! What comes to a video while its page is open: captions, chapters, its loudness, the pictures along its line.

use cynic::QueryBuilder;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation};

use crate::api::{self, Caption, VideoDetails, VideoQuery, VideoState, VideoVariables};

/// Between the first two questions; each pause after it is longer by half.
const FIRST_PAUSE_MS: u32 = 5_000;
const LONGEST_PAUSE_MS: u32 = 60_000;
/// A video that is ready gets what is still missing soon, or never.
const QUESTIONS_ONCE_READY: u32 = 12;

/// Asks for what is not there yet and puts it into `shown`. What plays goes on: addresses stay as they are. Of a video
/// that cannot be watched any more, `on_gone` is told.
pub fn follow(shown: RwSignal<VideoDetails>, on_gone: impl Fn() + 'static) {
    let id = shown.with_untracked(|video| video.id.clone());
    spawn_local_scoped_with_cancellation(async move {
        let (mut pause_ms, mut questions) = (FIRST_PAUSE_MS, 0);
        while shown.with_untracked(is_incomplete) && questions < QUESTIONS_ONCE_READY {
            TimeoutFuture::new(pause_ms).await;
            pause_ms = (pause_ms + pause_ms / 2).min(LONGEST_PAUSE_MS);
            if document().hidden() {
                continue;
            }
            // Who watches is not disturbed by a question that failed; the next one may not.
            let asked = api::send(VideoQuery::build(VideoVariables { id: id.clone() })).await;
            let Ok(VideoQuery { video }) = asked else { continue };
            let Some(found) = video.filter(|video| video.playable) else { return on_gone() };
            questions += u32::from(found.state == VideoState::Ready);
            shown.maybe_update(|video| take(video, found));
        }
    });
}

fn is_incomplete(video: &VideoDetails) -> bool {
    video.state == VideoState::Processing || video.storyboard_url.is_none()
}

/// An address that is signed is another one in each answer, so what is there already is kept. Whether anything is new.
fn take(video: &mut VideoDetails, found: VideoDetails) -> bool {
    let names = |captions: &[Caption]| -> Vec<_> {
        captions.iter().map(|caption| (caption.language.clone(), caption.label.clone())).collect()
    };
    let before = video.clone();
    if names(&video.captions) != names(&found.captions) {
        video.captions = found.captions;
    }
    video.state = found.state;
    video.chapters = found.chapters;
    video.loudness_lufs = found.loudness_lufs;
    video.storyboard_url = video.storyboard_url.take().or(found.storyboard_url);
    *video != before
}

//! What is typed about a video reaches the server by itself.

use std::pin::pin;

use cynic::MutationBuilder;
use futures::future::{Either, select};
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{UpdateUpload, UpdateUploadInput, UpdateUploadVariables},
    begin::sendable,
    row::{Details, Row, Saving},
    script::upload_script,
    stage::Stage,
};
use crate::{
    api::{self, ApiError, ErrorCode, UpdateVideo, UpdateVideoInput, UpdateVideoVariables},
    feature::studio::tags,
};

/// So long after the last key.
const PAUSE_MS: u32 = 900;
/// What did not arrive because the server was away is sent again after this.
const AWAY_MS: u32 = 10_000;
/// What has no answer by then is as good as lost, and must not keep what was typed since from being sent.
const LONGEST_MS: u32 = 20_000;

thread_local! {
    static TIMERS: std::cell::RefCell<std::collections::BTreeMap<u32, Timeout>> = const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
}

/// Something was typed: saved soon.
pub fn save_soon(row: Row) {
    save_after(row, PAUSE_MS);
}

fn save_after(row: Row, pause_ms: u32) {
    let timer = Timeout::new(pause_ms, move || save_now(row));
    TIMERS.with_borrow_mut(|timers| timers.insert(row.id, timer));
}

/// Keeps what was typed in this browser, and sends what differs from what the server has: to the video, or to the
/// upload while there is no video yet. Before that it goes along when the upload begins.
pub fn save_now(row: Row) {
    save(row, false);
}

/// The same when the page is left, whatever is on its way already.
pub fn save_and_leave(row: Row) {
    let has_ended = row
        .stage
        .with_untracked(|stage| matches!(stage, Stage::Refused(_) | Stage::Same { .. } | Stage::Cancelled));
    // What came to nothing must not take the place of another upload of the same file.
    if !has_ended || row.video_id.with_untracked(Option::is_some) {
        save(row, true);
    }
}

fn save(row: Row, leaves: bool) {
    let details = row.details.get_untracked();
    let is_given_up = row.stage.with_untracked(|stage| *stage == Stage::Cancelled);
    if is_given_up || row.saved.with_untracked(|saved| saved.as_ref() == Some(&details)) {
        return;
    }
    if row.video_id.with_untracked(Option::is_none) {
        keep(row);
        if row.upload_id().is_none() {
            return;
        }
    }
    let Some(sendable) = sendable(&details) else {
        let problem = match tags::parse(&details.tags) {
            Err(problem) => problem,
            Ok(_) => "It needs a title.".to_owned(),
        };
        row.saving.set(Saving::Failed(problem));
        return;
    };
    if row.is_sending.get_value() && !leaves {
        // Two at once could arrive in any order; what is new goes when the other one is over.
        return;
    }
    row.is_sending.set_value(true);
    row.saving.set(Saving::UnderWay);
    let knew_video = row.video_id.with_untracked(Option::is_some);
    spawn_local(async move {
        let answer = match select(pin!(send(row, &sendable)), TimeoutFuture::new(LONGEST_MS)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(ApiError::offline()),
        };
        let has_arrived = answer.is_ok();
        let may_arrive_later = answer.as_ref().is_err_and(ApiError::can_retry);
        let saving = match answer {
            Ok(()) => {
                let _ = row.saved.try_set(Some(sendable));
                Saving::Saved
            }
            // The upload became a video at this moment.
            Err(error) if error.code == ErrorCode::Other("UPLOAD_CLOSED".to_owned()) => Saving::Idle,
            Err(error) => Saving::Failed(error.message),
        };
        let _ = row.is_sending.try_set_value(false);
        let _ = row.saving.try_set(saving);
        let knows_video = row.video_id.try_get_untracked().flatten().is_some();
        let typed_on = row.details.try_get_untracked().is_some_and(|now| now != details);
        if typed_on || !has_arrived && !knew_video && knows_video {
            save_now(row);
        } else if may_arrive_later {
            save_after(row, AWAY_MS);
        }
    });
}

/// Keeps in this browser which file it is and what was typed about it.
pub fn keep(row: Row) {
    spawn_local(async move {
        if let (Some(script), Some(record)) = (upload_script().await, row.record()) {
            script.remember_record(&record).await;
        }
    });
}

async fn send(row: Row, details: &Details) -> Result<(), ApiError> {
    let title = Some(details.title.trim().to_owned());
    let description = Some(details.description.trim().to_owned());
    let tags = tags::parse(&details.tags).ok();
    let visibility = Some(details.visibility);
    if let Some(id) = row.video_id.get_untracked() {
        let input = UpdateVideoInput {
            id: id.into(),
            title,
            description,
            tags,
            visibility,
            protected: None,
            chapters: None,
        };
        api::send_to_the_end(UpdateVideo::build(UpdateVideoVariables { input })).await?;
    } else if let Some(id) = row.upload_id() {
        let input = UpdateUploadInput { id, title, description, tags, visibility };
        api::send_to_the_end(UpdateUpload::build(UpdateUploadVariables { input })).await?;
    }
    Ok(())
}

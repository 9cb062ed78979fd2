//! What is typed about a video reaches the server by itself.

use cynic::MutationBuilder;
use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{UpdateUpload, UpdateUploadInput, UpdateUploadVariables},
    begin::sendable,
    row::{Details, Row, Saving},
    script::upload_script,
};
use crate::{
    api::{self, ApiError, ErrorCode, UpdateVideo, UpdateVideoInput, UpdateVideoVariables},
    feature::studio::tags,
};

/// So long after the last key.
const PAUSE_MS: u32 = 900;

thread_local! {
    static TIMERS: std::cell::RefCell<std::collections::BTreeMap<u32, Timeout>> = const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
}

/// Something was typed: saved soon.
pub fn save_soon(row: Row) {
    let timer = Timeout::new(PAUSE_MS, move || save_now(row));
    TIMERS.with_borrow_mut(|timers| timers.insert(row.id, timer));
}

/// Keeps what was typed in this browser, and sends what differs from what the server has: to the video, or to the
/// upload while there is no video yet. Before that it goes along when the upload begins.
pub fn save_now(row: Row) {
    let details = row.details.get_untracked();
    if row.saved.with_untracked(|saved| saved.as_ref() == Some(&details)) {
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
    if row.is_sending.get_value() {
        // Two at once could arrive in any order; what is new goes when the other one is over.
        return;
    }
    row.is_sending.set_value(true);
    row.saving.set(Saving::UnderWay);
    spawn_local(async move {
        let (saving, became_video) = match send(row, &sendable).await {
            Ok(()) => {
                let _ = row.saved.try_set(Some(sendable));
                (Saving::Saved, false)
            }
            // At this moment: it is saved there, now or as soon as its id is known.
            Err(error) if error.code == ErrorCode::Other("UPLOAD_CLOSED".to_owned()) => (Saving::Idle, true),
            Err(error) => (Saving::Failed(error.message), false),
        };
        let _ = row.is_sending.try_set_value(false);
        let _ = row.saving.try_set(saving);
        let knows_video = row.video_id.try_get_untracked().flatten().is_some();
        let typed_on = row.details.try_get_untracked().is_some_and(|now| now != details);
        if typed_on || became_video && knows_video {
            save_now(row);
        }
    });
}

fn keep(row: Row) {
    spawn_local(async move {
        if let Some(script) = upload_script().await {
            script.remember_record(&row.identity.get_value(), &row.record()).await;
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

//! What is typed about a video reaches the server by itself.

use cynic::MutationBuilder;
use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};

use super::{
    row::{Row, Saving},
    transfer::sendable,
};
use crate::{
    api::{self, UpdateVideo, UpdateVideoInput, UpdateVideoVariables},
    feature::studio::tags,
};

/// So long after the last key.
const PAUSE_MS: u32 = 900;

thread_local! {
    static TIMERS: std::cell::RefCell<std::collections::BTreeMap<u32, Timeout>> = const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
}

/// Something was typed: saved soon, if there is a video to save it to; else it goes when there is.
pub fn save_soon(row: Row) {
    if row.video_id.with_untracked(Option::is_none) {
        return;
    }
    let timer = Timeout::new(PAUSE_MS, move || save_now(row));
    TIMERS.with_borrow_mut(|timers| timers.insert(row.id, timer));
}

/// Sends what differs from what the server has.
pub fn save_now(row: Row) {
    let Some(id) = row.video_id.get_untracked() else { return };
    let details = row.details.get_untracked();
    if row.saved.with_untracked(|saved| saved.as_ref() == Some(&details)) {
        return;
    }
    let Some(sendable) = sendable(&details) else {
        let problem = match tags::parse(&details.tags) {
            Err(problem) => problem,
            Ok(_) => "It needs a title.".to_owned(),
        };
        row.saving.set(Saving::Failed(problem));
        return;
    };
    let input = UpdateVideoInput {
        id: id.into(),
        title: Some(sendable.title.trim().to_owned()),
        description: Some(sendable.description.trim().to_owned()),
        tags: tags::parse(&sendable.tags).ok(),
        visibility: Some(sendable.visibility),
    };
    row.saving.set(Saving::UnderWay);
    spawn_local(async move {
        let answer = api::send(UpdateVideo::build(UpdateVideoVariables { input })).await;
        let saving = match answer {
            Ok(_) => {
                let _ = row.saved.try_set(Some(sendable));
                Saving::Saved
            }
            Err(error) => Saving::Failed(error.message),
        };
        let _ = row.saving.try_set(saving);
    });
}

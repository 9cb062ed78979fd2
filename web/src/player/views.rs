//! Tells the server once that a video was really watched.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    actions::{RecordView, RecordViewVariables},
    playback::Playback,
    watched::Watched,
};
use crate::api;

/// Counts what `playback` shows as a view of the video with this id; None counts nothing.
pub fn count_views(playback: Playback, video_id: Signal<Option<String>>) {
    let watched = StoredValue::new(Watched::default());
    crate::ui::effect(move || {
        video_id.track();
        watched.set_value(Watched::default());
    });
    crate::ui::effect(move || {
        let (position, ended) = (playback.position_ms.get(), playback.ended.get());
        if !playback.playing.get_untracked() && !ended {
            return;
        }
        let counts = watched.try_update_value(|watched| {
            watched.at(position, playback.duration_ms.get_untracked()) || (ended && watched.ended())
        });
        if let (Some(true), Some(id)) = (counts, video_id.get_untracked()) {
            spawn_local(async move {
                let variables = RecordViewVariables { video_id: id.into(), position_ms: position as i32 };
                // A view that could not be told is not worth a word to the viewer.
                let _ = api::send(RecordView::build(variables)).await;
            });
        }
    });
}

//! One file in the list, as signals that live as long as the page.

use futures::future::AbortHandle;
use leptos::prelude::*;
use web_sys::File;

use super::{stage::Stage, transfer::Begun, words::title_from};
use crate::api::Visibility;

/// What its uploader says about a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    pub title: String,
    pub description: String,
    /// As typed, separated by commas.
    pub tags: String,
    pub visibility: Visibility,
}

impl Details {
    fn of_file(name: &str) -> Self {
        Self {
            title: title_from(name),
            description: String::new(),
            tags: String::new(),
            visibility: Visibility::Public,
        }
    }
}

/// Whether what was typed has reached the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Saving {
    /// Nothing to say: it goes along with the upload, or nothing has changed.
    Idle,
    UnderWay,
    Saved,
    Failed(String),
}

/// Cheap to copy.
#[derive(Clone, Copy)]
pub struct Row {
    pub id: u32,
    pub file: StoredValue<File, LocalStorage>,
    pub stage: RwSignal<Stage>,
    /// A still of the file, as a data URL; later the poster.
    pub still: RwSignal<Option<String>>,
    pub details: RwSignal<Details>,
    /// What the server has.
    pub saved: RwSignal<Option<Details>>,
    pub saving: RwSignal<Saving>,
    pub video_id: RwSignal<Option<String>>,
    /// What has been sent so far, for another try.
    pub begun: StoredValue<Option<Begun>, LocalStorage>,
    pub task: StoredValue<Option<AbortHandle>, LocalStorage>,
}

impl Row {
    pub fn new(id: u32, file: File, stage: Stage) -> Self {
        let details = Details::of_file(&file.name());
        Self {
            id,
            file: StoredValue::new_local(file),
            stage: RwSignal::new(stage),
            still: RwSignal::new(None),
            details: RwSignal::new(details),
            saved: RwSignal::new(None),
            saving: RwSignal::new(Saving::Idle),
            video_id: RwSignal::new(None),
            begun: StoredValue::new_local(None),
            task: StoredValue::new_local(None),
        }
    }

    pub fn file_name(self) -> String {
        self.file.with_value(|file| file.name())
    }

    pub fn size_bytes(self) -> u64 {
        self.file.with_value(|file| file.size() as u64)
    }
}

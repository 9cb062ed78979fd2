//! One file in the list, as signals that live as long as the page.

use futures::future::AbortHandle;
use leptos::prelude::*;
use web_sys::File;

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{
    begin::Begun,
    identity::FileIdentity,
    script::{Picked, Preview, Record},
    stage::Stage,
    words::title_from,
};
use crate::api::Visibility;

/// What its uploader says about a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    pub identity: StoredValue<FileIdentity>,
    /// The username of whoever chose the file; None while that is a guest.
    pub owner: StoredValue<Option<String>>,
    /// Reads the file again after a reload.
    pub handle: StoredValue<Option<JsValue>, LocalStorage>,
    pub stage: RwSignal<Stage>,
    /// A still of the file, as a data URL; later the poster.
    pub still: RwSignal<Option<String>>,
    /// What this browser could read of the file.
    pub preview: RwSignal<Option<Preview>>,
    /// Whether it tried to and could not.
    pub unseen: RwSignal<bool>,
    /// Whether the same file may become a second video.
    pub again: StoredValue<bool>,
    pub details: RwSignal<Details>,
    /// What the server has.
    pub saved: RwSignal<Option<Details>>,
    pub saving: RwSignal<Saving>,
    /// Whether some of it is on its way there.
    pub is_sending: StoredValue<bool>,
    pub video_id: RwSignal<Option<String>>,
    /// What has been sent so far, for another try.
    pub begun: StoredValue<Option<Begun>, LocalStorage>,
    pub task: StoredValue<Option<AbortHandle>, LocalStorage>,
}

impl Row {
    pub fn new(id: u32, owner: Option<String>, picked: Picked, stage: Stage) -> Self {
        let details = Details::of_file(&picked.file.name());
        Self {
            id,
            identity: StoredValue::new(FileIdentity::of(&picked.file)),
            file: StoredValue::new_local(picked.file),
            owner: StoredValue::new(owner),
            handle: StoredValue::new_local(picked.handle),
            stage: RwSignal::new(stage),
            still: RwSignal::new(None),
            preview: RwSignal::new(None),
            unseen: RwSignal::new(false),
            again: StoredValue::new(false),
            details: RwSignal::new(details),
            saved: RwSignal::new(None),
            saving: RwSignal::new(Saving::Idle),
            is_sending: StoredValue::new(false),
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

    /// The name that the server knows its upload by, once it has begun.
    pub fn upload_id(self) -> Option<cynic::Id> {
        self.begun.with_value(|begun| begun.as_ref().map(|begun| begun.upload_id.clone()))
    }

    /// Whether nobody has said anything about the video yet.
    pub fn untouched(self) -> bool {
        let named = Details::of_file(&self.file_name());
        self.details.with_untracked(|details| *details == named)
    }

    /// What this browser should remember of it; None while it is nobody's.
    pub fn record(self) -> Option<Record> {
        Some(Record {
            owner: self.owner.get_value()?,
            file: self.identity.get_value(),
            place: self.id,
            upload_id: self.upload_id().map(cynic::Id::into_inner),
            details: Some(self.details.get_untracked()),
            handle: self.handle.get_value(),
        })
    }
}

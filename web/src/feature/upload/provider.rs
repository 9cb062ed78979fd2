//! The list of uploads. It outlives the pages, so that they can be changed while files are sent.

use cynic::MutationBuilder;
use futures::future::abortable;
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::{
    api::{AbortUpload, AbortUploadVariables},
    follow::follow,
    inbox::{Dropped, Inbox},
    pill::UploadPill,
    row::Row,
    save::save_now,
    stage::{Stage, to_start},
    transfer::{TransferError, send_file},
    wires::Wires,
    words::refusal,
};
use crate::{
    api,
    player::player_script,
    session::{Session, use_session},
    ui::effect,
};

/// All files of this visit; from [`use_uploads`].
#[derive(Clone, Copy)]
pub struct Uploads {
    pub rows: RwSignal<Vec<Row>>,
    session: Session,
    owner: StoredValue<Owner>,
    wires: StoredValue<Wires, LocalStorage>,
    next_id: StoredValue<u32>,
    stills_busy: StoredValue<bool>,
}

/// The uploads, which begin with the first page that asks for them and outlive it.
pub fn use_uploads() -> Uploads {
    use_context().unwrap_or_else(|| {
        let inbox: Inbox = expect_context();
        inbox.owner.get_value().with(|| Uploads::begin(inbox))
    })
}

impl Uploads {
    fn begin(inbox: Inbox) -> Self {
        let uploads = Self {
            rows: RwSignal::new(Vec::new()),
            session: use_session(),
            owner: inbox.owner,
            wires: StoredValue::new_local(Wires::default()),
            next_id: StoredValue::new(0),
            stills_busy: StoredValue::new(false),
        };
        provide_context(uploads);
        inbox.pill.set(Some(|| view! { <UploadPill /> }.into_any()));
        effect(move || {
            if inbox.dropped.with(|dropped| !dropped.is_empty()) {
                uploads.take(inbox.dropped.try_update(std::mem::take).unwrap_or_default());
            }
        });
        // Files dropped by a guest begin when they have logged in, and when the server has said how large they may be.
        effect(move || {
            uploads.session.me();
            uploads.start_waiting();
        });
        let leaving = window_event_listener(ev::beforeunload, move |event| {
            if uploads.rows.with_untracked(|rows| {
                rows.iter().any(|row| row.stage.with_untracked(Stage::needs_this_page))
            }) {
                event.prevent_default();
            }
        });
        on_cleanup(move || leaving.remove());
        uploads
    }

    fn take(self, dropped: Vec<Dropped>) {
        let mut files = Vec::new();
        for dropped in dropped {
            match dropped {
                Dropped::File(file) => files.push(file),
                Dropped::Folder(folder) => {
                    let reason = format!("{} is a folder. Drop the files in it.", folder.name());
                    self.push(folder, Stage::Refused(reason));
                }
            }
        }
        untrack(|| self.add(files));
    }

    /// Takes files into the list; what cannot be uploaded stands there with the reason.
    pub fn add(self, files: Vec<File>) {
        let most = untrack(|| self.session.site()).map(|site| site.max_upload_bytes.0);
        for file in files {
            let refused = refusal(&file.name(), file.size() as u64, &file.type_(), most);
            self.push(file, refused.map_or(Stage::Waiting, Stage::Refused));
        }
        self.start_waiting();
        self.make_stills();
    }

    fn push(self, file: File, stage: Stage) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        // Rows belong to the provider, not to the page or event that happened to add them.
        let row = self.owner.get_value().with(|| Row::new(id, file, stage));
        self.rows.update(|rows| rows.push(row));
    }

    /// Stops a file's upload, here and at the server.
    pub fn cancel(self, row: Row) {
        if let Some(task) = row.task.try_update_value(Option::take).flatten() {
            task.abort();
        }
        row.stage.set(Stage::Cancelled);
        if let Some(begun) = row.begun.try_update_value(Option::take).flatten() {
            spawn_local(async move {
                // The server sweeps what is never completed, so a lost word only delays that.
                let _ =
                    api::send(AbortUpload::build(AbortUploadVariables { upload_id: begun.upload_id })).await;
            });
        }
        self.start_waiting();
    }

    /// Once more, with what has already been sent.
    pub fn retry(self, row: Row) {
        row.stage.set(Stage::Waiting);
        self.start_waiting();
    }

    /// Takes a file that is over out of the list.
    pub fn dismiss(self, row: Row) {
        self.rows.update(|rows| rows.retain(|other| other.id != row.id));
    }

    fn start_waiting(self) {
        if !untrack(|| self.session.signed_in()) {
            return;
        }
        let rows = self.rows.get_untracked();
        let stages: Vec<_> = rows.iter().map(|row| row.stage.get_untracked()).collect();
        for place in to_start(&stages) {
            if let Some(row) = rows.get(place) {
                self.start(*row);
            }
        }
    }

    fn start(self, row: Row) {
        row.stage.set(Stage::Sending(super::stage::Sending {
            total_bytes: row.size_bytes(),
            ..Default::default()
        }));
        let (task, handle) = abortable(send_file(row, self.wires.get_value()));
        row.task.set_value(Some(handle));
        spawn_local(async move {
            // Cancelled: the row has been told already.
            let Ok(outcome) = task.await else { return };
            row.task.set_value(None);
            match outcome {
                Ok(video_id) => {
                    row.stage.set(Stage::Processing {
                        percent: 0.0,
                        words: "Waiting to be processed".to_owned(),
                        left_ms: None,
                        playable: false,
                    });
                    row.video_id.set(Some(video_id.clone()));
                    save_now(row);
                    spawn_local(follow(row, video_id));
                }
                Err(TransferError::Refused(reason)) => row.stage.set(Stage::Refused(reason)),
                Err(TransferError::Broken(reason)) => row.stage.set(Stage::Broken(reason)),
            }
            self.start_waiting();
        });
    }

    /// Stills one after the other: decoding twenty files at once would slow down the sending.
    fn make_stills(self) {
        if self.stills_busy.get_value() {
            return;
        }
        self.stills_busy.set_value(true);
        spawn_local(async move {
            let mut last_done = None;
            loop {
                let rows = self.rows.get_untracked();
                let next = rows.into_iter().find(|row| {
                    last_done.is_none_or(|last| row.id > last)
                        && row.still.with_untracked(Option::is_none)
                        && !row.stage.with_untracked(|stage| matches!(stage, Stage::Refused(_)))
                });
                let Some(row) = next else { break };
                last_done = Some(row.id);
                if let Some(still) = still_of(&row.file.get_value()).await {
                    row.still.set(Some(still));
                }
            }
            self.stills_busy.set_value(false);
        });
    }
}

/// A data URL; None where this browser cannot decode the file, though the server may.
async fn still_of(file: &File) -> Option<String> {
    let script = player_script().await?;
    let still = JsFuture::from(script.preview_frame(file)).await.ok()?;
    let url = js_sys::Reflect::get(still.dyn_ref::<js_sys::Object>()?, &JsValue::from_str("url")).ok()?;
    url.as_string()
}

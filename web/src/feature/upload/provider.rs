//! The list of uploads. It outlives the pages, so that they can be changed while files are sent.

use cynic::MutationBuilder;
use futures::future::abortable;
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::{
    api::{AbortUpload, AbortUploadVariables},
    follow::follow,
    identity::FileIdentity,
    inbox::Inbox,
    pill::UploadPill,
    row::Row,
    save::{keep, save_and_leave, save_now},
    script::{Picked, picked_from, upload_script},
    stage::{Sending, Stage, to_start},
    transfer::{TransferError, send_file},
    wires::Wires,
    words::{may_be_video, refusal},
};
use crate::{
    api,
    session::{Session, use_session},
    ui::{Toasts, effect, use_toasts},
};

/// Between tries while the server or the store is away.
const AWAY_MS: u32 = 30_000;

/// All files of this visit; from [`use_uploads`].
#[derive(Clone, Copy)]
pub struct Uploads {
    pub rows: RwSignal<Vec<Row>>,
    session: Session,
    /// Who was logged in last.
    username: StoredValue<Option<String>>,
    owner: StoredValue<Owner>,
    wires: StoredValue<Wires, LocalStorage>,
    next_id: StoredValue<u32>,
    looking: StoredValue<bool>,
    toasts: Toasts,
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
            username: StoredValue::new(None),
            next_id: StoredValue::new(0),
            looking: StoredValue::new(false),
            toasts: use_toasts(),
        };
        provide_context(uploads);
        inbox.pill.set(Some(|| view! { <UploadPill /> }.into_any()));
        effect(move || {
            if inbox.dropped.with(|dropped| !dropped.is_empty()) {
                for list in inbox.dropped.try_update(std::mem::take).unwrap_or_default() {
                    let files = list.dyn_ref::<js_sys::Array>().map(picked_from).unwrap_or_default();
                    untrack(|| uploads.add(files));
                }
            }
        });
        // Files dropped by a guest begin when they have logged in, and when the server has said how large they may be.
        effect(move || {
            if let Some(me) = uploads.session.me() {
                untrack(|| uploads.belong_to(&me.username));
            }
            uploads.start_waiting();
        });
        let leaving = window_event_listener(ev::beforeunload, move |event| {
            if uploads.rows.with_untracked(|rows| {
                rows.iter().any(|row| row.stage.with_untracked(Stage::needs_this_page))
            }) {
                event.prevent_default();
            }
        });
        // What was typed a moment ago does not wait any longer.
        let left = window_event_listener(ev::pagehide, move |_| {
            uploads.rows.with_untracked(|rows| rows.iter().copied().for_each(save_and_leave));
        });
        on_cleanup(move || {
            leaving.remove();
            left.remove();
        });
        uploads
    }

    /// What one person put here is not sent in the name of the next who logs in.
    fn belong_to(self, username: &str) {
        let before = self.username.try_update_value(|known| known.replace(username.to_owned())).flatten();
        if before.is_some_and(|before| before != username) {
            self.rows.with(|rows| rows.iter().for_each(|row| stop(*row)));
            self.rows.set(Vec::new());
        }
        for row in self.rows.get_untracked() {
            if row.owner.with_value(Option::is_none) {
                row.owner.set_value(Some(username.to_owned()));
                spawn_local(recall(row));
            }
        }
    }

    /// Takes files into the list; what cannot be uploaded stands there with the reason, but for what happened to lie
    /// in a folder beside videos.
    pub fn add(self, files: Vec<Picked>) {
        let most = untrack(|| self.session.site()).map(|site| site.max_upload_bytes.0);
        let mut passed_over = 0;
        for picked in files {
            let file = &picked.file;
            if picked.in_folder && !may_be_video(&file.name(), &file.type_()) {
                passed_over += 1;
                continue;
            }
            let identity = FileIdentity::of(file);
            if let Some(row) = self.broken_off(&identity) {
                row.file.set_value(picked.file);
                row.handle.update_value(|handle| *handle = picked.handle.or(handle.take()));
                // Looked for anew, with the sample of what was chosen now.
                row.begun.set_value(None);
                self.retry(row);
                continue;
            }
            let refused = if self.holds(&identity) {
                Some(format!("{} is in this list already.", file.name()))
            } else {
                refusal(&file.name(), file.size() as u64, &file.type_(), most)
            };
            self.push(picked, refused.map_or(Stage::Waiting, Stage::Refused));
        }
        if passed_over > 0 {
            self.toasts.say(match passed_over {
                1 => "One file in the folder is no video and was left out.".to_owned(),
                count => format!("{count} files in the folder are no videos and were left out."),
            });
        }
        self.start_waiting();
        self.look_at_files();
    }

    fn holds(self, identity: &FileIdentity) -> bool {
        self.rows.with_untracked(|rows| {
            rows.iter().any(|row| {
                row.identity.with_value(|other| other == identity)
                    && !row.stage.with_untracked(Stage::is_over)
            })
        })
    }

    /// The row of a file whose upload broke off: whoever chooses it again wants it to go on.
    fn broken_off(self, identity: &FileIdentity) -> Option<Row> {
        let broken = |row: &Row| match row.stage.get_untracked() {
            Stage::Broken(_) => true,
            Stage::Refused(_) => row.upload_id().is_some(),
            _ => false,
        };
        self.rows.with_untracked(|rows| {
            let same = |row: &&Row| row.identity.with_value(|other| other == identity);
            rows.iter().filter(same).find(|row| broken(row)).copied()
        })
    }

    fn push(self, picked: Picked, stage: Stage) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        // Rows belong to the provider, not to the page or event that happened to add them.
        let chosen_by = untrack(|| self.session.me()).map(|me| me.username);
        let row = self.owner.get_value().with(|| Row::new(id, chosen_by, picked, stage));
        self.rows.update(|rows| rows.push(row));
        spawn_local(recall(row));
    }

    /// Stops a file's upload, here and at the server.
    pub fn cancel(self, row: Row) {
        stop(row);
        row.stage.set(Stage::Cancelled);
        forget(row);
        if let Some(begun) = row.begun.try_update_value(Option::take).flatten() {
            spawn_local(async move {
                // The server sweeps what is never completed, so a lost word only delays that.
                let _ =
                    api::send(AbortUpload::build(AbortUploadVariables { upload_id: begun.upload_id })).await;
            });
        }
        self.start_waiting();
    }

    /// Stops sending for now; what has arrived is safe.
    pub fn pause(self, row: Row) {
        stop(row);
        let sent = row.stage.with_untracked(|stage| match stage {
            Stage::Sending(now) => Some(Sending { bytes_per_second: None, seconds_left: None, ..*now }),
            _ => None,
        });
        if let Some(sent) = sent {
            row.stage.set(Stage::Paused(sent));
        }
        self.start_waiting();
    }

    /// Once more, with what has already been sent.
    pub fn retry(self, row: Row) {
        row.stage.set(Stage::Waiting);
        self.start_waiting();
    }

    /// A second video of the same file, because that is what its owner wants.
    pub fn send_again(self, row: Row) {
        row.again.set_value(true);
        self.retry(row);
    }

    /// Puts a file that waits before the others that wait.
    pub fn send_next(self, row: Row) {
        self.rows.update(|rows| {
            let Some(from) = rows.iter().position(|other| other.id == row.id) else { return };
            let waits = |row: &Row| row.stage.with_untracked(|stage| *stage == Stage::Waiting);
            if let Some(to) = rows.iter().position(waits).filter(|&to| to < from) {
                let row = rows.remove(from);
                rows.insert(to, row);
            }
        });
    }

    /// Takes a file that is over out of the list.
    pub fn dismiss(self, row: Row) {
        if row.upload_id().is_none() {
            forget(row);
        }
        self.rows.update(|rows| rows.retain(|other| other.id != row.id));
    }

    /// The uploads that rows are busy with.
    pub fn begun_ids(self) -> Vec<cynic::Id> {
        self.rows.with_untracked(|rows| rows.iter().filter_map(|row| row.upload_id()).collect())
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
        row.stage.set(Stage::Sending(Sending { total_bytes: row.size_bytes(), ..Sending::default() }));
        let (task, handle) = abortable(send_file(row, self.begun_ids(), self.wires.get_value()));
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
                    forget(row);
                    spawn_local(follow(row, video_id, self.session));
                }
                Err(TransferError::Refused(reason)) => {
                    row.stage.set(Stage::Refused(reason));
                    if row.upload_id().is_none() {
                        forget(row);
                    }
                }
                Err(TransferError::Broken(reason)) => row.stage.set(Stage::Broken(reason)),
                Err(TransferError::Away(reason)) => {
                    row.stage.set(Stage::Broken(reason));
                    spawn_local(self.go_on_later(row));
                }
                Err(TransferError::Same { video_id, title }) => {
                    row.stage.set(Stage::Same { video_id, title });
                    forget(row);
                }
                Err(TransferError::SignedOut) => {
                    row.stage.set(Stage::Waiting);
                    self.session.ended();
                }
            }
            self.start_waiting();
        });
    }

    /// Tries again by itself, unless somebody does anything about it before.
    async fn go_on_later(self, row: Row) {
        TimeoutFuture::new(AWAY_MS).await;
        if row.stage.try_with_untracked(|stage| matches!(stage, Stage::Broken(_))) == Some(true) {
            self.retry(row);
        }
    }

    /// What this browser can read of the files, one after the other: decoding twenty at once would slow down the
    /// sending.
    fn look_at_files(self) {
        if self.looking.get_value() {
            return;
        }
        self.looking.set_value(true);
        spawn_local(async move {
            let mut last_done = None;
            loop {
                let rows = self.rows.get_untracked();
                let next = rows
                    .into_iter()
                    .filter(|row| last_done.is_none_or(|last| row.id > last))
                    .find(|row| !row.stage.with_untracked(|stage| matches!(stage, Stage::Refused(_))));
                let (Some(row), Some(script)) = (next, upload_script().await) else { break };
                last_done = Some(row.id);
                match script.preview_of(&row.file.get_value()).await {
                    Some(preview) => {
                        row.still.set(Some(preview.url.clone()));
                        row.preview.set(Some(preview));
                    }
                    None => row.unseen.set(true),
                }
            }
            self.looking.set_value(false);
        });
    }
}

fn stop(row: Row) {
    if let Some(task) = row.task.try_update_value(Option::take).flatten() {
        task.abort();
    }
}

/// What was typed about this file before a reload; from now on it is remembered over the next one.
async fn recall(row: Row) {
    let (Some(owner), Some(script)) = (row.owner.get_value(), upload_script().await) else { return };
    let known = script.recall_record(&row.identity.get_value()).await.filter(|record| record.owner == owner);
    let has_begun = known.as_ref().is_some_and(|record| record.upload_id.is_some());
    if let Some(details) = known.and_then(|record| record.details).filter(|_| row.untouched()) {
        row.details.set(details);
    }
    if !has_begun && row.stage.with_untracked(Stage::needs_this_page) {
        keep(row);
    }
}

fn forget(row: Row) {
    spawn_local(async move {
        if let Some(script) = upload_script().await {
            script.forget_record(&row.identity.get_value()).await;
        }
    });
}

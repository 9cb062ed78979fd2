//! What broke off, with how much of it is safe, and what waited for its turn when the page was left: listed until it
//! goes on or is given up.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::{
    api::{AbortUpload, AbortUploadVariables, UnfinishedUpload},
    begin::{is_of, unfinished},
    identity::FileIdentity,
    provider::{Uploads, use_uploads},
    script::{Picked, Record, upload_script},
};
use crate::{
    api,
    session::use_session,
    ui::{Button, Glyph, Icon, IconButton, Kind, Toasts, bytes, effect, use_toasts},
};

/// What the server or this browser knows of a file that is not all there.
#[derive(Clone)]
enum Known {
    /// Some of it has arrived.
    Begun(UnfinishedUpload),
    /// Only this browser knows that it was chosen.
    Queued(Record),
}

/// One of them, and what reads its file again, if this browser remembers that.
#[derive(Clone)]
struct Left {
    known: Known,
    handle: Option<JsValue>,
}

impl Left {
    fn name(&self) -> String {
        match &self.known {
            Known::Begun(upload) => upload.file_name.clone(),
            Known::Queued(record) => record.file.name.clone(),
        }
    }

    fn is_of(&self, file: &FileIdentity) -> bool {
        match &self.known {
            Known::Begun(upload) => is_of(upload, file),
            Known::Queued(record) => record.file == *file,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.known, &other.known) {
            (Known::Begun(one), Known::Begun(other)) => one.id == other.id,
            (Known::Queued(one), Known::Queued(other)) => one.file == other.file,
            _ => false,
        }
    }

    /// Bytes that are safe, and bytes in all.
    fn share(&self) -> (u64, u64) {
        match &self.known {
            Known::Begun(upload) => {
                (upload.received_parts.iter().map(|part| part.size.0).sum(), upload.size.0)
            }
            Known::Queued(record) => (0, record.file.size_bytes),
        }
    }

    /// Puts it back into the list; says why where that cannot be.
    async fn go_on(self, uploads: Uploads, toasts: Toasts) {
        let file = match (upload_script().await, &self.handle) {
            (Some(script), Some(handle)) => script.file_behind(handle).await,
            _ => None,
        };
        match file {
            Some(file) if self.is_of(&FileIdentity::of(&file)) => {
                uploads.add(vec![Picked { file, handle: self.handle, in_folder: false }]);
            }
            Some(_) => toasts
                .warn(format!("{} has changed since. Give this upload up and send it anew.", self.name())),
            None => {
                toasts.warn(format!("{} cannot be read from where it was. Choose it again.", self.name()))
            }
        }
    }
}

/// What the server knows, the newest first, and then what only this browser does, in the order of the queue.
fn all_left(uploads: Vec<UnfinishedUpload>, records: Vec<Record>) -> Vec<Left> {
    let (of_begun, mut queued): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| {
        record.upload_id.is_some() || uploads.iter().any(|upload| is_of(upload, &record.file))
    });
    queued.sort_by_key(|record| record.place);
    let begun = uploads.into_iter().map(|upload| {
        let record = of_begun.iter().find(|record| is_of(&upload, &record.file));
        let handle = record.and_then(|record| record.handle.clone());
        Left { known: Known::Begun(upload), handle }
    });
    let queued =
        queued.into_iter().map(|record| Left { handle: record.handle.clone(), known: Known::Queued(record) });
    begun.chain(queued).collect()
}

/// Files of this account that no row of this page is busy with.
#[component]
pub fn Unfinished() -> impl IntoView {
    let uploads = use_uploads();
    let toasts = use_toasts();
    let session = use_session();
    let found = RwSignal::new_local(Vec::<Left>::new());
    let load = move || async move {
        // A list that does not come is no reason to disturb: the files themselves are recognised in any case.
        let list = unfinished().await.unwrap_or_default();
        if found.try_set(all_left(list.clone(), Vec::new())).is_some() {
            return;
        }
        // What the browser remembers may take long to come, or never, after it was killed; the list does not wait.
        let Some(script) = upload_script().await else { return };
        let mut records = script.all_records().await;
        let Some(me) = untrack(|| session.me()) else { return };
        records.retain(|record| record.owner == me.username);
        // Already gone is a page that nobody looks at any more.
        let _ = found.try_set(all_left(list, records));
    };
    // What a row did with one of them is known at the server, and the row is gone.
    let count = StoredValue::new(usize::MAX);
    effect(move || {
        let now = uploads.rows.with(Vec::len);
        if now < count.get_value() {
            spawn_local(load());
        }
        count.set_value(now);
    });
    // A row that goes on with one of them takes it out of this list.
    let shown = move || {
        let rows = uploads.rows.get();
        rows.iter().for_each(|row| row.stage.track());
        let busy = uploads.begun_ids();
        let in_list = |left: &Left| {
            matches!(&left.known, Known::Begun(upload) if busy.contains(&upload.id))
                || rows.iter().any(|row| row.identity.with_value(|file| left.is_of(file)))
        };
        let mut list = found.get();
        list.retain(|left| !in_list(left));
        list
    };
    let go_on_with_all = move |_| {
        spawn_local(async move {
            for left in untrack(shown) {
                if left.handle.is_some() {
                    left.go_on(uploads, toasts).await;
                }
            }
        });
    };
    view! {
        {move || {
            let list = shown();
            let readable = list.iter().filter(|left| left.handle.is_some()).count();
            (!list.is_empty())
                .then(|| {
                    view! {
                        <section class="upload-left" aria-labelledby="upload-left-title">
                            <h2 id="upload-left-title">"Unfinished"</h2>
                            <p class="soft">"Choose or drop the same files to go on where they stopped."</p>
                            {(readable > 1)
                                .then(|| {
                                    view! {
                                        <Button
                                            label="Go on with all"
                                            icon=Icon::Upload
                                            kind=Kind::Plain
                                            on_press=go_on_with_all
                                        />
                                    }
                                })}
                            <ul class="upload-rows">
                                {list.into_iter().map(|left| view! { <LeftRow left found /> }).collect_view()}
                            </ul>
                        </section>
                    }
                })
        }}
    }
}

#[component]
fn LeftRow(left: Left, found: RwSignal<Vec<Left>, LocalStorage>) -> impl IntoView {
    let uploads = use_uploads();
    let toasts = use_toasts();
    let (safe, size_bytes) = left.share();
    let percent = (safe * 100).checked_div(size_bytes).unwrap_or(0).min(99);
    let status = match left.known {
        Known::Begun(_) => format!("{percent} % is safe · {} of {}", bytes(safe), bytes(size_bytes)),
        Known::Queued(_) => format!("Not begun · {}", bytes(size_bytes)),
    };
    let name = left.name();
    let given_up = StoredValue::new_local(left.clone());
    let give_up = move |_| {
        let left = given_up.get_value();
        spawn_local(async move {
            if let Known::Begun(upload) = &left.known {
                let variables = AbortUploadVariables { upload_id: upload.id.clone() };
                if let Err(error) = api::send(AbortUpload::build(variables)).await {
                    toasts.fail(&error);
                    return;
                }
            }
            if let (Known::Queued(record), Some(script)) = (&left.known, upload_script().await) {
                script.forget_record(&record.file).await;
            }
            found.update(|list| list.retain(|other| !other.is_same(&left)));
        });
    };
    let go_on = left.handle.is_some().then(|| {
        let left = StoredValue::new_local(left);
        let press = move |_| spawn_local(left.get_value().go_on(uploads, toasts));
        view! { <Button label="Go on" icon=Icon::Upload on_press=press /> }
    });
    view! {
        <li class="upload-row waits">
            <div class="upload-still" aria-hidden="true">
                <Glyph icon=Icon::Film />
            </div>
            <div class="upload-main">
                <p class="upload-name">
                    <span class="upload-file" title=name.clone()>{name.clone()}</span>
                </p>
                <p class="upload-status">{status}</p>
                <div class="progress" aria-hidden="true">
                    <span style:transform=format!("scaleX({:.4})", percent as f64 / 100.0)></span>
                </div>
            </div>
            <div class="upload-ways">
                {go_on}
                <IconButton icon=Icon::Close label="Give this upload up" on_press=give_up />
            </div>
        </li>
    }
}

//! What broke off: listed with how much of it is safe, until it goes on or is given up.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::{
    api::{AbortUpload, AbortUploadVariables, UnfinishedUpload},
    begin::{is_of, unfinished},
    identity::FileIdentity,
    provider::use_uploads,
    script::{Picked, upload_script},
};
use crate::{
    api,
    ui::{Button, Glyph, Icon, IconButton, bytes, use_toasts},
};

/// An unfinished upload, and what reads its file again, if this browser remembers that.
#[derive(Clone)]
struct Left {
    upload: UnfinishedUpload,
    handle: Option<JsValue>,
}

/// Uploads of this account that no row of this page is busy with.
#[component]
pub fn Unfinished() -> impl IntoView {
    let uploads = use_uploads();
    let found = RwSignal::new_local(Vec::<Left>::new());
    spawn_local(async move {
        // A list that does not come is no reason to disturb: the files themselves are recognised in any case.
        let Ok(list) = unfinished().await else { return };
        let known = |upload| Left { upload, handle: None };
        if found.try_set(list.into_iter().map(known).collect()).is_some() {
            return;
        }
        // What the browser remembers may take long to come, or never, after it was killed; the list does not wait.
        let Some(script) = upload_script().await else { return };
        let records = script.all_records().await;
        let _ = found.try_update(|list| {
            for left in list {
                let id = Some(left.upload.id.inner());
                let record = records.iter().find(|record| record.upload_id.as_deref() == id);
                left.handle = record.and_then(|record| record.handle.clone());
            }
        });
    });
    // A row that goes on with one of them takes it out of this list.
    let shown = move || {
        let rows = uploads.rows.get();
        rows.iter().for_each(|row| row.stage.track());
        let busy = uploads.begun_ids();
        let in_list = |left: &Left| {
            busy.contains(&left.upload.id)
                || rows.iter().any(|row| row.identity.with_value(|file| is_of(&left.upload, file)))
        };
        let mut list = found.get();
        list.retain(|left| !in_list(left));
        list
    };
    view! {
        {move || {
            let list = shown();
            (!list.is_empty())
                .then(|| {
                    view! {
                        <section class="upload-left" aria-labelledby="upload-left-title">
                            <h2 id="upload-left-title">"Unfinished"</h2>
                            <p class="soft">"Choose or drop the same file to go on where it stopped."</p>
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
    let Left { upload, handle } = left;
    let safe = upload.received_parts.iter().map(|part| part.size.0).sum::<u64>();
    let size_bytes = upload.size.0;
    let percent = (safe * 100).checked_div(size_bytes).unwrap_or(0).min(99);
    let name = upload.file_name.clone();
    let id = upload.id.clone();
    let give_up = move |_| {
        let id = id.clone();
        spawn_local(async move {
            let variables = AbortUploadVariables { upload_id: id.clone() };
            match api::send(AbortUpload::build(variables)).await {
                Ok(_) => found.update(|list| list.retain(|left| left.upload.id != id)),
                Err(error) => toasts.fail(&error),
            }
        });
    };
    let go_on = handle.map(|handle| {
        let upload = StoredValue::new_local(upload);
        let handle = StoredValue::new_local(handle);
        let press = move |_| {
            spawn_local(async move {
                let file = match upload_script().await {
                    Some(script) => script.file_behind(&handle.get_value()).await,
                    None => None,
                };
                match file {
                    Some(file) if upload.with_value(|upload| is_of(upload, &FileIdentity::of(&file))) => {
                        uploads.add(vec![Picked {
                            file,
                            handle: Some(handle.get_value()),
                            in_folder: false,
                        }]);
                    }
                    Some(_) => {
                        toasts.warn("The file has changed since. Give this upload up and send it anew.")
                    }
                    None => toasts.warn("The file cannot be read from where it was. Choose it again."),
                }
            });
        };
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
                <p class="upload-status">
                    {format!("{percent} % is safe · {} of {}", bytes(safe), bytes(size_bytes))}
                </p>
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

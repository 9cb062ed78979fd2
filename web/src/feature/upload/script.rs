//! The upload script (`web/upload`): hashing in a worker, stills of local files, and a memory that outlives the page.

use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use super::{identity::FileIdentity, row::Details};
use crate::script;

#[wasm_bindgen]
extern "C" {
    /// What the script leaves behind as `globalThis.kinoraUpload`.
    #[derive(Clone)]
    pub type UploadScript;

    #[wasm_bindgen(method)]
    fn md5(this: &UploadScript, blob: &Blob) -> js_sys::Promise;

    #[wasm_bindgen(method, js_name = sampleHash)]
    fn sample_hash(this: &UploadScript, file: &File) -> js_sys::Promise;

    #[wasm_bindgen(method, js_name = previewFrame)]
    fn preview_frame(this: &UploadScript, file: &File) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn remember(this: &UploadScript, key: &str, record: &JsValue) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn recall(this: &UploadScript, key: &str) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn forget(this: &UploadScript, key: &str) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn all(this: &UploadScript) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn choose(this: &UploadScript) -> js_sys::Promise;

    #[wasm_bindgen(method)]
    fn reopen(this: &UploadScript, handle: &JsValue) -> js_sys::Promise;
}

/// A file, and what reads it again after a reload, where the browser has such a thing.
#[derive(Clone)]
pub struct Picked {
    pub file: File,
    pub handle: Option<JsValue>,
    /// Found in a folder, where not everything is meant to be a video.
    pub in_folder: bool,
}

/// What a local file looks like.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// A still, as a data URL.
    pub url: String,
    pub width: u32,
    pub height: u32,
    pub duration_ms: f64,
}

/// What this browser remembers of a file's upload.
#[derive(Clone)]
pub struct Record {
    /// The username of whoever chose the file.
    pub owner: String,
    pub file: FileIdentity,
    /// Orders files that wait for their turn.
    pub place: u32,
    /// None until the server knows of it.
    pub upload_id: Option<String>,
    pub details: Option<Details>,
    pub handle: Option<JsValue>,
}

/// The script; None when it could not be fetched. Uploads then work without what it does.
pub async fn upload_script() -> Option<UploadScript> {
    script::load("loadUpload", "kinoraUpload").await.map(JsCast::unchecked_into)
}

impl UploadScript {
    /// MD5 of a part, in hexadecimal; None when the file cannot be read any more.
    pub async fn md5_of(&self, blob: &Blob) -> Option<String> {
        JsFuture::from(self.md5(blob)).await.ok()?.as_string()
    }

    /// By which the same file is recognised.
    pub async fn sample_hash_of(&self, file: &File) -> Option<String> {
        JsFuture::from(self.sample_hash(file)).await.ok()?.as_string()
    }

    /// None where this browser cannot decode the file, though the server may.
    pub async fn preview_of(&self, file: &File) -> Option<Preview> {
        let preview = JsFuture::from(self.preview_frame(file)).await.ok()?;
        let text = js_sys::JSON::stringify(&preview).ok()?.as_string()?;
        serde_json::from_str(&text).ok()
    }

    pub async fn remember_record(&self, record: &Record) {
        let object = js_sys::Object::new();
        let details = record.details.as_ref().and_then(|details| serde_json::to_string(details).ok());
        let file = &record.file;
        for (name, value) in [
            ("owner", Some(JsValue::from_str(&record.owner))),
            ("name", Some(JsValue::from_str(&file.name))),
            ("sizeBytes", Some(JsValue::from_f64(file.size_bytes as f64))),
            ("modifiedMs", Some(JsValue::from_f64(file.modified_ms as f64))),
            ("place", Some(JsValue::from_f64(f64::from(record.place)))),
            ("uploadId", record.upload_id.as_deref().map(JsValue::from_str)),
            ("details", details.as_deref().map(JsValue::from_str)),
            ("handle", record.handle.clone()),
        ] {
            // Setting a property of an object of our own cannot fail.
            let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), &value.unwrap_or(JsValue::NULL));
        }
        // Where storing is refused the upload lasts as long as its page.
        let _ = JsFuture::from(self.remember(&file.key(), &object)).await;
    }

    pub async fn recall_record(&self, file: &FileIdentity) -> Option<Record> {
        record_from(&JsFuture::from(self.recall(&file.key())).await.ok()?)
    }

    pub async fn forget_record(&self, file: &FileIdentity) {
        // Nothing is lost by remembering too long.
        let _ = JsFuture::from(self.forget(&file.key())).await;
    }

    pub async fn all_records(&self) -> Vec<Record> {
        let found =
            JsFuture::from(self.all()).await.ok().and_then(|list| list.dyn_into::<js_sys::Array>().ok());
        found.map_or_else(Vec::new, |list| list.iter().filter_map(|one| record_from(&one)).collect())
    }

    /// Lets somebody choose files; None where only a plain input can.
    pub async fn choose_files(&self) -> Option<Vec<Picked>> {
        let chosen = JsFuture::from(self.choose()).await.ok()?.dyn_into::<js_sys::Array>().ok()?;
        Some(picked_from(&chosen))
    }

    /// The file behind a handle; None when it is gone or was refused.
    pub async fn file_behind(&self, handle: &JsValue) -> Option<File> {
        JsFuture::from(self.reopen(handle)).await.ok()?.dyn_into().ok()
    }
}

/// Reads a list of `{file, handle, inFolder}`.
pub fn picked_from(list: &js_sys::Array) -> Vec<Picked> {
    list.iter()
        .filter_map(|one| {
            Some(Picked {
                file: script::get(&one, "file")?.dyn_into().ok()?,
                handle: script::get(&one, "handle"),
                in_folder: script::get(&one, "inFolder").is_some_and(|value| value.is_truthy()),
            })
        })
        .collect()
}

fn record_from(value: &JsValue) -> Option<Record> {
    let text = |name| script::get(value, name).and_then(|value| value.as_string());
    let number = |name| script::get(value, name).and_then(|value| value.as_f64());
    Some(Record {
        owner: text("owner")?,
        file: FileIdentity {
            name: text("name")?,
            size_bytes: number("sizeBytes")? as u64,
            modified_ms: number("modifiedMs")? as i64,
        },
        place: number("place")? as u32,
        upload_id: text("uploadId"),
        details: text("details").and_then(|details| serde_json::from_str(&details).ok()),
        handle: script::get(value, "handle"),
    })
}

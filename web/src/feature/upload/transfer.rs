//! One file's way to the server: create, parts in parallel, complete.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use cynic::MutationBuilder;
use futures::{
    StreamExt, TryStreamExt,
    future::{Either, join, select},
    lock::Mutex,
    stream,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use super::{
    api::{
        CompleteUpload, CompleteUploadVariables, PartUrl, SignParts, SignPartsVariables, UploadedPartInput,
    },
    begin::{Begun, begin},
    patience::{ATTEMPTS, patiently, wait_for_network},
    put::{PutError, put},
    row::Row,
    script::{UploadScript, upload_script},
    speed::{Speed, Tally},
    stage::{Sending, Stage},
    wires::{MOST_WIRES, Wires},
    words::backoff_ms,
};
use crate::{
    api::{self, ApiError, ErrorCode},
    ui::now_ms,
};

/// Parts that have been sent and wait for their digest, beside those on a wire.
const MOST_BEING_CHECKED: usize = 2;

/// Why a file did not get there.
#[derive(Debug, Clone, PartialEq)]
pub enum TransferError {
    /// It will never be taken: too large, over the quota.
    Refused(String),
    /// It may go better another time.
    Broken(String),
    /// The server or the store is away; it goes on by itself.
    Away(String),
    /// The session ended meanwhile; it goes on after the next log-in.
    SignedOut,
    /// There is a video of this file already.
    Same { video_id: String, title: String },
}

/// Sends `row`'s file and gives the new video's id. Dropping the future stops everything under way. `others` are
/// uploads that other rows are busy with.
pub async fn send_file(row: Row, others: Vec<cynic::Id>, wires: Wires) -> Result<String, TransferError> {
    let script = upload_script().await;
    let begun = match row.begun.get_value() {
        Some(begun) => begun,
        None => begin(row, others, script.as_ref()).await?,
    };
    let tally = Rc::new(RefCell::new(Tally::default()));
    for &number in begun.etags.borrow().keys() {
        let (start, end) = begun.plan.range(number);
        tally.borrow_mut().done(number, end - start);
    }
    let file = row.file.get_value();
    let sending = send_parts(&file, &begun, script.as_ref(), &tally, &wires);
    let telling = tell_progress(row, &tally, begun.plan.size_bytes);
    let sent = match select(Box::pin(sending), Box::pin(telling)).await {
        Either::Left((sent, _)) => sent,
        Either::Right(_) => return Err(TransferError::Broken("The upload stopped.".to_owned())),
    };
    if let Err(error) = sent {
        if error.upload_is_gone {
            row.begun.set_value(None);
            // Gone because it is whole: another tab, or this one before it was closed, has sent the rest.
            match complete(&begun).await {
                Ok(video_id) => return Ok(video_id),
                // The store has forgotten it, and the server knows by now: the next try begins anew.
                Err(error) if is_outdated(&error) => {
                    let words = "What was sent is gone from the storage. It is sent again in a moment.";
                    return Err(TransferError::Away(words.to_owned()));
                }
                Err(_) => {}
            }
        }
        return Err(error.into());
    }
    row.stage.set(Stage::Confirming);
    let video_id = complete(&begun).await.map_err(|error| {
        if is_outdated(&error) {
            row.begun.set_value(None);
        }
        match &error.code {
            // A completion names every part, which is only too much for a guest: the cookie has run out meanwhile.
            ErrorCode::Other(code) if code == "QUERY_TOO_LARGE" => TransferError::SignedOut,
            _ => TransferError::from(error),
        }
    })?;
    row.begun.set_value(None);
    Ok(video_id)
}

struct PartsError {
    message: String,
    refused: bool,
    signed_out: bool,
    upload_is_gone: bool,
    is_away: bool,
}

impl PartsError {
    fn broken(message: String) -> Self {
        Self { message, refused: false, signed_out: false, upload_is_gone: false, is_away: false }
    }
}

impl From<PartsError> for TransferError {
    fn from(error: PartsError) -> Self {
        if error.signed_out {
            return Self::SignedOut;
        }
        match (error.refused, error.is_away) {
            (true, _) => Self::Refused(error.message),
            (false, true) => Self::Away(error.message),
            (false, false) => Self::Broken(error.message),
        }
    }
}

impl From<ApiError> for PartsError {
    fn from(error: ApiError) -> Self {
        let signed_out = error.code == ErrorCode::Unauthenticated;
        let upload_is_gone = is_outdated(&error);
        let is_away = is_away(&error);
        Self { refused: is_refusal(&error), message: error.message, signed_out, upload_is_gone, is_away }
    }
}

impl From<ApiError> for TransferError {
    fn from(error: ApiError) -> Self {
        if error.code == ErrorCode::Unauthenticated {
            return Self::SignedOut;
        }
        match (is_refusal(&error), is_away(&error)) {
            (true, _) => Self::Refused(error.message),
            (false, true) => Self::Away(error.message),
            (false, false) => Self::Broken(error.message),
        }
    }
}

fn is_away(error: &ApiError) -> bool {
    matches!(error.code, ErrorCode::Offline | ErrorCode::Unavailable)
}

fn is_refusal(error: &ApiError) -> bool {
    match &error.code {
        ErrorCode::TooLarge | ErrorCode::QuotaExceeded => true,
        ErrorCode::Other(code) => code == "UPLOAD_EMPTY",
        _ => false,
    }
}

/// Whether the server knows better than this page what there is of the upload: it is over, or its parts are not what
/// was announced. The next try then asks.
fn is_outdated(error: &ApiError) -> bool {
    match &error.code {
        ErrorCode::NotFound => true,
        ErrorCode::Other(code) => {
            ["UPLOAD_CLOSED", "UPLOAD_INCOMPLETE", "UPLOAD_PART_MISMATCH"].contains(&code.as_str())
        }
        _ => false,
    }
}

async fn send_parts(
    file: &File,
    begun: &Begun,
    script: Option<&UploadScript>,
    tally: &Rc<RefCell<Tally>>,
    wires: &Wires,
) -> Result<(), PartsError> {
    let supply = Supply { begun, urls: Mutex::default() };
    let missing: Vec<i32> =
        (1..=begun.plan.part_count).filter(|number| !begun.etags.borrow().contains_key(number)).collect();
    stream::iter(missing)
        .map(|number| send_part(file, begun, number, script, &supply, tally, wires))
        .buffer_unordered(MOST_WIRES + MOST_BEING_CHECKED)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(())
}

async fn send_part(
    file: &File,
    begun: &Begun,
    number: i32,
    script: Option<&UploadScript>,
    supply: &Supply<'_>,
    tally: &Rc<RefCell<Tally>>,
    wires: &Wires,
) -> Result<(), PartsError> {
    let (start, end) = begun.plan.range(number);
    let unreadable = || {
        PartsError::broken(format!(
            "{} cannot be read any more: it was moved, changed or deleted. Choose it again.",
            file.name()
        ))
    };
    let blob: Blob = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(|_| unreadable())?;
    let mut attempt = 0;
    loop {
        let error = {
            let wire = wires.take().await;
            let url = supply.url(number).await?;
            let heard = Rc::clone(tally);
            let blob = &blob;
            let sending = async move {
                let on_progress = move |sent: u64| heard.borrow_mut().progress(number, sent.min(end - start));
                let sent = put(&url, blob, on_progress).await;
                if sent.is_ok() {
                    wire.carried(end - start, now_ms());
                }
                // The wire is free for the next part while this one's digest is still being made.
                drop(wire);
                sent
            };
            let (sent, digest) = join(sending, digest(script, blob)).await;
            sent.and_then(|etag| checked(etag, digest.as_deref()))
        };
        let error = match error {
            Ok(etag) => {
                tally.borrow_mut().done(number, end - start);
                begun.etags.borrow_mut().insert(number, etag);
                return Ok(());
            }
            Err(error) => error,
        };
        tally.borrow_mut().lost(number);
        attempt += 1;
        if error == PutError::Network && !is_readable(&blob).await {
            return Err(unreadable());
        }
        if attempt >= ATTEMPTS || error == PutError::NoEtag {
            return Err(part_error(error));
        }
        wait_for_network().await;
        TimeoutFuture::new(backoff_ms(attempt, js_sys::Math::random()) as u32).await;
    }
}

fn part_error(error: PutError) -> PartsError {
    let message = match error {
        PutError::Network => "The connection broke off. What was sent is kept.".to_owned(),
        PutError::NoEtag => {
            "The storage hides what the browser must read. Its CORS settings need the ETag.".to_owned()
        }
        PutError::Damaged => {
            "What arrived is not what was sent, again and again. Check the connection or the disk.".to_owned()
        }
        PutError::Status(507) => {
            "The site's storage is full. What was sent is kept: try again when its owner has made room."
                .to_owned()
        }
        PutError::Status(status) => format!("The storage refused a part (status {status})."),
    };
    let is_away = match error {
        PutError::Network => true,
        PutError::Status(status) => status >= 500 && status != 507,
        PutError::NoEtag | PutError::Damaged => false,
    };
    PartsError { upload_is_gone: error == PutError::Status(404), is_away, ..PartsError::broken(message) }
}

/// MD5 of a part, read a second time beside the sending; None without the script that can.
async fn digest(script: Option<&UploadScript>, blob: &Blob) -> Option<String> {
    script?.md5_of(blob).await
}

/// A part's ETag is the MD5 of what arrived. A store that answers with something else cannot be checked.
fn checked(etag: String, digest: Option<&str>) -> Result<String, PutError> {
    let bare = etag.trim_matches('"');
    let is_md5 = bare.len() == 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digest {
        Some(digest) if is_md5 && !bare.eq_ignore_ascii_case(digest) => Err(PutError::Damaged),
        _ => Ok(etag),
    }
}

/// A file that was changed since it was chosen looks like a network error to the request that reads it.
async fn is_readable(blob: &Blob) -> bool {
    match blob.slice_with_f64_and_f64(0.0, 1.0) {
        Ok(first) => JsFuture::from(first.array_buffer()).await.is_ok(),
        Err(_) => false,
    }
}

/// Signed addresses, fetched a batch at a time just before they are needed. Each is used once: another try gets
/// a fresh one, since the old may be what failed.
struct Supply<'a> {
    begun: &'a Begun,
    urls: Mutex<BTreeMap<i32, PartUrl>>,
}

impl Supply<'_> {
    async fn url(&self, number: i32) -> Result<PartUrl, PartsError> {
        let mut urls = self.urls.lock().await;
        if let Some(url) = urls.remove(&number) {
            return Ok(url);
        }
        let mut wanted = self.begun.plan.batch(number);
        wanted.retain(|other| {
            *other == number || !urls.contains_key(other) && !self.begun.etags.borrow().contains_key(other)
        });
        let request = || {
            let variables =
                SignPartsVariables { upload_id: self.begun.upload_id.clone(), part_numbers: wanted.clone() };
            api::send(SignParts::build(variables))
        };
        let signed = patiently(request).await?.sign_upload_parts;
        urls.extend(signed.into_iter().map(|url| (url.number, url)));
        urls.remove(&number)
            .ok_or_else(|| PartsError::broken("The server gave no address for a part.".to_owned()))
    }
}

async fn complete(begun: &Begun) -> Result<String, ApiError> {
    let parts: Vec<_> = begun
        .etags
        .borrow()
        .iter()
        .map(|(&number, etag)| UploadedPartInput { number, etag: etag.clone() })
        .collect();
    // Completing is safe to repeat: an answer that was lost is asked for again.
    let request = || {
        let variables =
            CompleteUploadVariables { upload_id: begun.upload_id.clone(), parts: Some(parts.clone()) };
        api::send(CompleteUpload::build(variables))
    };
    Ok(patiently(request).await?.complete_upload.id.into_inner())
}

/// Shows what has been sent, once a second, for as long as it is polled.
async fn tell_progress(row: Row, tally: &Rc<RefCell<Tally>>, total_bytes: u64) {
    let mut speed = Speed::default();
    loop {
        let sent_bytes = tally.borrow().sent();
        speed.sample(now_ms(), sent_bytes);
        row.stage.set(Stage::Sending(Sending {
            sent_bytes,
            total_bytes,
            bytes_per_second: speed.bytes_per_second(),
            seconds_left: speed.seconds_left(total_bytes),
        }));
        TimeoutFuture::new(1_000).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_ends_an_upload_makes_the_page_ask_anew() {
        let outdated = |code: &str| {
            is_outdated(&ApiError::from_json(&json!({ "message": "…", "extensions": { "code": code } })))
        };
        for code in ["NOT_FOUND", "UPLOAD_CLOSED", "UPLOAD_INCOMPLETE", "UPLOAD_PART_MISMATCH"] {
            assert!(outdated(code), "{code}");
        }
        for code in
            ["UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT", "QUOTA_EXCEEDED", "RATE_LIMITED", "INTERNAL"]
        {
            assert!(!outdated(code), "{code}");
        }
    }
}

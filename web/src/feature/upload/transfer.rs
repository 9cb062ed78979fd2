//! One file's way to the server: create, parts in parallel, complete.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use cynic::MutationBuilder;
use futures::{
    StreamExt, TryStreamExt,
    future::{Either, select},
    lock::Mutex,
    stream,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_sys::{Blob, File};

use super::{
    api::{
        CompleteUpload, CompleteUploadVariables, CreateUpload, CreateUploadInput, CreateUploadVariables,
        PartUrl, SignParts, SignPartsVariables, UploadedPartInput,
    },
    plan::Plan,
    put::{PutError, put},
    row::{Details, Row},
    speed::{Speed, Tally},
    stage::{Sending, Stage},
    wires::{WIRES, Wires},
    words::backoff_ms,
};
use crate::{
    api::{self, ApiError, Bytes, ErrorCode},
    feature::studio::tags,
    ui::now_ms,
};

/// Attempts for one part or one request, the first included.
const ATTEMPTS: u32 = 6;

/// An upload that has begun at the server, with the parts that have arrived.
#[derive(Clone)]
pub struct Begun {
    pub upload_id: cynic::Id,
    plan: Plan,
    etags: Rc<RefCell<BTreeMap<i32, String>>>,
}

/// Why a file did not get there.
#[derive(Debug, Clone, PartialEq)]
pub enum TransferError {
    /// It will never be taken: too large, over the quota.
    Refused(String),
    /// It may go better another time.
    Broken(String),
}

/// Sends `row`'s file and gives the new video's id. Dropping the future stops everything under way.
pub async fn send_file(row: Row, wires: Wires) -> Result<String, TransferError> {
    let begun = match row.begun.get_value() {
        Some(begun) => begun,
        None => {
            let begun = create(row).await?;
            row.begun.set_value(Some(begun.clone()));
            begun
        }
    };
    let tally = Rc::new(RefCell::new(Tally::default()));
    for &number in begun.etags.borrow().keys() {
        let (start, end) = begun.plan.range(number);
        tally.borrow_mut().done(number, end - start);
    }
    let file = row.file.get_value();
    let sending = send_parts(&file, &begun, &tally, &wires);
    let telling = tell_progress(row, &tally, begun.plan.size_bytes);
    let sent = match select(Box::pin(sending), Box::pin(telling)).await {
        Either::Left((sent, _)) => sent,
        Either::Right(_) => return Err(TransferError::Broken("The upload stopped.".to_owned())),
    };
    if let Err(error) = sent {
        if error.upload_is_gone {
            row.begun.set_value(None);
        }
        return Err(error.into());
    }
    row.stage.set(Stage::Confirming);
    let video_id = complete(&begun).await.map_err(|error| {
        // Whatever the server found wrong with these parts, sending them again is the way on.
        if !error.can_retry() {
            row.begun.set_value(None);
        }
        TransferError::from(error)
    })?;
    row.begun.set_value(None);
    Ok(video_id)
}

async fn create(row: Row) -> Result<Begun, TransferError> {
    let file = row.file.get_value();
    let details = row.details.get_untracked();
    // What is not right yet (an empty title, a tag too long) goes later, when it is.
    let sent = sendable(&details);
    let input = CreateUploadInput {
        file_name: file.name(),
        size: Bytes(row.size_bytes()),
        content_type: Some(file.type_()).filter(|kind| !kind.is_empty()),
        title: sent.as_ref().map(|sent| sent.title.trim().to_owned()),
        description: sent
            .as_ref()
            .map(|sent| sent.description.trim().to_owned())
            .filter(|text| !text.is_empty()),
        tags: sent.as_ref().and_then(|sent| tags::parse(&sent.tags).ok()).filter(|tags| !tags.is_empty()),
        visibility: Some(details.visibility),
    };
    let request = || api::send(CreateUpload::build(CreateUploadVariables { input: input.clone() }));
    let upload = patiently(request).await?.create_upload;
    row.saved.set(sent);
    let plan = Plan::new(row.size_bytes(), upload.part_size.0, upload.part_count)
        .ok_or_else(|| TransferError::Broken("The server's plan does not fit the file.".to_owned()))?;
    Ok(Begun { upload_id: upload.id, plan, etags: Rc::default() })
}

/// The details as they can be sent now; None while something in them is not right.
pub fn sendable(details: &Details) -> Option<Details> {
    (!details.title.trim().is_empty() && tags::parse(&details.tags).is_ok()).then(|| details.clone())
}

struct PartsError {
    message: String,
    refused: bool,
    upload_is_gone: bool,
}

impl From<PartsError> for TransferError {
    fn from(error: PartsError) -> Self {
        if error.refused { Self::Refused(error.message) } else { Self::Broken(error.message) }
    }
}

impl From<ApiError> for PartsError {
    fn from(error: ApiError) -> Self {
        let upload_is_gone = !error.can_retry() && error.code != ErrorCode::Unauthenticated;
        Self { refused: is_refusal(&error), message: error.message, upload_is_gone }
    }
}

impl From<ApiError> for TransferError {
    fn from(error: ApiError) -> Self {
        if is_refusal(&error) { Self::Refused(error.message) } else { Self::Broken(error.message) }
    }
}

fn is_refusal(error: &ApiError) -> bool {
    match &error.code {
        ErrorCode::TooLarge | ErrorCode::QuotaExceeded => true,
        ErrorCode::Other(code) => code == "UPLOAD_EMPTY",
        _ => false,
    }
}

async fn send_parts(
    file: &File,
    begun: &Begun,
    tally: &Rc<RefCell<Tally>>,
    wires: &Wires,
) -> Result<(), PartsError> {
    let supply = Supply { begun, urls: Mutex::default() };
    let missing: Vec<i32> =
        (1..=begun.plan.part_count).filter(|number| !begun.etags.borrow().contains_key(number)).collect();
    stream::iter(missing)
        .map(|number| send_part(file, begun, number, &supply, tally, wires))
        .buffer_unordered(WIRES)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(())
}

async fn send_part(
    file: &File,
    begun: &Begun,
    number: i32,
    supply: &Supply<'_>,
    tally: &Rc<RefCell<Tally>>,
    wires: &Wires,
) -> Result<(), PartsError> {
    let (start, end) = begun.plan.range(number);
    let unreadable = || PartsError {
        message: format!("{} cannot be read any more.", file.name()),
        refused: false,
        upload_is_gone: false,
    };
    let blob: Blob = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(|_| unreadable())?;
    let mut attempt = 0;
    loop {
        let error = {
            let _wire = wires.take().await;
            let url = supply.url(number).await?;
            let heard = Rc::clone(tally);
            put(&url, &blob, move |sent| heard.borrow_mut().progress(number, sent.min(end - start))).await
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
        PutError::Status(status) => format!("The storage refused a part (status {status})."),
    };
    PartsError { message, refused: false, upload_is_gone: error == PutError::Status(404) }
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
        urls.remove(&number).ok_or_else(|| PartsError {
            message: "The server gave no address for a part.".to_owned(),
            refused: false,
            upload_is_gone: false,
        })
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

/// Repeats a request for as long as that can help, with growing pauses.
async fn patiently<T, Fut>(request: impl Fn() -> Fut) -> Result<T, ApiError>
where
    Fut: Future<Output = Result<T, ApiError>>,
{
    let mut attempt = 0;
    loop {
        match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                attempt += 1;
                if attempt >= ATTEMPTS || !error.can_retry() {
                    return Err(error);
                }
                wait_for_network().await;
                let pause =
                    backoff_ms(attempt, js_sys::Math::random()).max(error.retry_after_ms.unwrap_or(0) as f64);
                TimeoutFuture::new(pause as u32).await;
            }
        }
    }
}

/// While the browser knows that it is offline no attempt is spent.
async fn wait_for_network() {
    while !window().navigator().on_line() {
        TimeoutFuture::new(1_000).await;
    }
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

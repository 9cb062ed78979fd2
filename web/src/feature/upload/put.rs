//! One part on its way: a PUT with progress, which `fetch` cannot tell.

use std::{cell::Cell, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

use super::api::PartUrl;

/// A connection on which nothing moves for so long is dead, whatever it says.
const STALL_MS: u32 = 45_000;

/// Why a part did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutError {
    /// No answer: the network, or nothing moved for too long.
    Network,
    /// The store's answer; 403 means that the address has run out, 404 that the upload is gone.
    Status(u16),
    /// The store took it and its ETag cannot be read: its CORS rules do not expose it.
    NoEtag,
    /// The store has something else than what was sent.
    Damaged,
}

/// Aborts when dropped, which is how an upload is cancelled.
struct Request {
    xhr: XmlHttpRequest,
    _progress: Closure<dyn FnMut(ProgressEvent)>,
    _end: Closure<dyn FnMut()>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.xhr.set_onloadend(None);
        if let Ok(upload) = self.xhr.upload() {
            upload.set_onprogress(None);
        }
        // Aborting a finished request does nothing.
        let _ = self.xhr.abort();
    }
}

/// Sends `blob` and gives the part's ETag. `on_progress` hears the bytes sent so far.
pub async fn put(to: &PartUrl, blob: &Blob, on_progress: impl Fn(u64) + 'static) -> Result<String, PutError> {
    let moved = Rc::new(Cell::new(true));
    let (request, mut ended) = open(to, blob, on_progress, Rc::clone(&moved)).ok_or(PutError::Network)?;
    loop {
        match select(ended, TimeoutFuture::new(STALL_MS)).await {
            Either::Left(_) => break,
            Either::Right((_, waiting)) if moved.replace(false) => ended = waiting,
            Either::Right(_) => return Err(PutError::Network),
        }
    }
    match request.xhr.status() {
        Ok(200..=299) => match request.xhr.get_response_header("ETag") {
            Ok(Some(etag)) if !etag.is_empty() => Ok(etag),
            _ => Err(PutError::NoEtag),
        },
        Ok(0) | Err(_) => Err(PutError::Network),
        Ok(status) => Err(PutError::Status(status)),
    }
}

fn open(
    to: &PartUrl,
    blob: &Blob,
    on_progress: impl Fn(u64) + 'static,
    moved: Rc<Cell<bool>>,
) -> Option<(Request, oneshot::Receiver<()>)> {
    let xhr = XmlHttpRequest::new().ok()?;
    xhr.open_with_async("PUT", &to.url, true).ok()?;
    for header in &to.headers {
        // The browser sets these by itself and refuses to be told; they are signed with the value it sends.
        if !matches!(header.name.to_ascii_lowercase().as_str(), "host" | "content-length") {
            xhr.set_request_header(&header.name, &header.value).ok()?;
        }
    }
    let progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
        moved.set(true);
        on_progress(event.loaded() as u64);
    });
    xhr.upload().ok()?.set_onprogress(Some(progress.as_ref().unchecked_ref()));
    let (sender, receiver) = oneshot::channel();
    let mut sender = Some(sender);
    let end = Closure::<dyn FnMut()>::new(move || {
        if let Some(sender) = sender.take() {
            // Nobody waits any more when the upload was cancelled at the same moment.
            let _ = sender.send(());
        }
    });
    xhr.set_onloadend(Some(end.as_ref().unchecked_ref()));
    xhr.send_with_opt_blob(Some(blob)).ok()?;
    Some((Request { xhr, _progress: progress, _end: end }, receiver))
}

//! One thing that a page needs from the server: loading, there, or failed with a way to try again.

use std::future::Future;

use futures::future::{AbortHandle, abortable};
use leptos::{prelude::*, task::spawn_local};

use crate::api::ApiError;

/// Where a request is.
#[derive(Clone, Debug, PartialEq)]
pub enum Load<T> {
    Loading,
    Ready(T),
    Failed(ApiError),
}

/// The state of a request, and a way to send it again.
pub struct Loader<T: Send + Sync + 'static> {
    pub state: RwSignal<Load<T>>,
    again: Trigger,
}

impl<T: Send + Sync + 'static> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Loader<T> {}

impl<T: Send + Sync + 'static> Loader<T> {
    /// Sends the request again.
    pub fn retry(self) {
        self.again.notify();
    }
}

/// Fetches now, and again whenever a signal that `fetch` reads changes. The request under way is aborted when it
/// is overtaken or when the page is left.
pub fn use_load<T, Fut>(fetch: impl Fn() -> Fut + 'static) -> Loader<T>
where
    T: Send + Sync + 'static,
    Fut: Future<Output = Result<T, ApiError>> + 'static,
{
    let loader = Loader { state: RwSignal::new(Load::Loading), again: Trigger::new() };
    super::effect(move || {
        loader.again.track();
        let (request, handle) = abortable(fetch());
        on_cleanup_abort(handle);
        loader.state.set(Load::Loading);
        spawn_local(async move {
            if let Ok(result) = request.await {
                loader.state.try_set(match result {
                    Ok(value) => Load::Ready(value),
                    Err(error) => Load::Failed(error),
                });
            }
        });
    });
    loader
}

/// Aborts when the effect runs again or its owner goes.
pub(super) fn on_cleanup_abort(handle: AbortHandle) {
    on_cleanup(move || handle.abort());
}

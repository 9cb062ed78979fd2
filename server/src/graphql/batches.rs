//! When the loaders of a request ask the database: once its resolvers can go no further.
//!
//! Waiting for a time instead is either too long on an idle machine or too short on a busy one, where a page of
//! resolvers takes longer than that to ask and its batch falls apart.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{Stream, StreamExt, future::BoxFuture, stream};

/// The batches that a request has collected and not begun.
#[derive(Clone, Default)]
pub struct Batches(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Batches {
    /// Keeps a batch until the resolvers have had their turn.
    pub fn hold(&self, batch: BoxFuture<'static, ()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }

    /// Runs what may hold batches, and begins them.
    pub async fn beside<F: Future>(self, request: F) -> F::Output {
        let mut request = pin!(request);
        poll_fn(|context| {
            let polled = request.as_mut().poll(context);
            self.begin();
            polled
        })
        .await
    }

    /// The same of a subscription, for each of its events.
    pub fn beside_stream<S: Stream>(self, request: S) -> impl Stream<Item = S::Item> {
        let mut request = Box::pin(request);
        stream::poll_fn(move |context| {
            let polled = request.poll_next_unpin(context);
            self.begin();
            polled
        })
    }

    fn begin(&self) {
        for batch in mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            tokio::spawn(batch);
        }
    }
}

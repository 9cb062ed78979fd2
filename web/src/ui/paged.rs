//! A list that grows: pages of a Relay connection, fetched one after the other as the end comes near.

use std::{future::Future, pin::Pin, rc::Rc};

use futures::future::abortable;
use leptos::{prelude::*, task::spawn_local};

use super::load::on_cleanup_abort;
use crate::api::{ApiError, PageInfo};

type Page<T> = Pin<Box<dyn Future<Output = Result<(Vec<T>, PageInfo), ApiError>>>>;
type Fetch<T> = Rc<dyn Fn(Option<String>) -> Page<T>>;

/// The items so far and where the list is.
pub struct Paged<T: Send + Sync + 'static> {
    pub items: RwSignal<Vec<T>>,
    pub loading: RwSignal<bool>,
    pub error: RwSignal<Option<ApiError>>,
    /// Whether the server has more.
    pub more: RwSignal<bool>,
    cursor: RwSignal<Option<String>>,
    next: Trigger,
}

impl<T: Send + Sync + 'static> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Paged<T> {}

impl<T: Send + Sync + 'static> Paged<T> {
    /// Fetches the next page, or the failed one again; does nothing while one is under way.
    pub fn load_more(self) {
        if !self.loading.get_untracked()
            && (self.more.get_untracked() || self.error.get_untracked().is_some())
        {
            self.next.notify();
        }
    }

    /// Nothing came and nothing will.
    pub fn is_empty(self) -> bool {
        self.items.with(Vec::is_empty) && !self.loading.get() && self.error.with(Option::is_none)
    }

    /// Nothing is there yet.
    pub fn is_starting(self) -> bool {
        self.items.with(Vec::is_empty) && self.loading.get()
    }
}

/// Starts a list whose pages `fetch` gives; it starts over when a signal changes that `key` reads.
pub fn use_paged<T, K, Fut>(
    key: impl Fn() -> K + 'static,
    fetch: impl Fn(K, Option<String>) -> Fut + 'static,
) -> Paged<T>
where
    T: Send + Sync + 'static,
    K: Clone + 'static,
    Fut: Future<Output = Result<(Vec<T>, PageInfo), ApiError>> + 'static,
{
    let list = Paged {
        items: RwSignal::new(Vec::new()),
        loading: RwSignal::new(true),
        error: RwSignal::new(None),
        more: RwSignal::new(false),
        cursor: RwSignal::new(None),
        next: Trigger::new(),
    };
    let fetch = Rc::new(fetch);
    super::effect(move || {
        let key = key();
        list.items.set(Vec::new());
        list.cursor.set(None);
        list.more.set(false);
        let fetch = fetch.clone();
        let fetch: Fetch<T> = Rc::new(move |cursor| Box::pin(fetch(key.clone(), cursor)));
        // Nested, so that a new key disposes it and with it the request under way.
        super::effect(move || {
            list.next.track();
            run_page(list, &fetch);
        });
    });
    list
}

fn run_page<T: Send + Sync + 'static>(list: Paged<T>, fetch: &Fetch<T>) {
    list.loading.set(true);
    list.error.set(None);
    let (request, handle) = abortable(fetch(list.cursor.get_untracked()));
    on_cleanup_abort(handle);
    spawn_local(async move {
        let Ok(result) = request.await else { return };
        match result {
            Ok((items, page)) => {
                list.cursor.try_set(page.end_cursor.clone());
                list.more.try_set(page.has_next_page && page.end_cursor.is_some());
                list.items.try_update(|all| all.extend(items));
            }
            Err(error) => {
                list.error.try_set(Some(error));
            }
        }
        list.loading.try_set(false);
    });
}

//! Short notices over the page, gone by themselves.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{Icon, IconButton};
use crate::api::ApiError;

const SHOWN_MS: u32 = 5_000;

#[derive(Clone, Debug, PartialEq)]
struct Toast {
    id: u32,
    text: String,
    failed: bool,
}

/// The notices of this page; provided once by the app.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next_id: StoredValue<u32>,
}

/// The notices of this page.
pub fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    pub fn start() -> Self {
        Self { list: RwSignal::new(Vec::new()), next_id: StoredValue::new(0) }
    }

    /// Says that something is done.
    pub fn say(self, text: impl Into<String>) {
        self.push(text.into(), false);
    }

    /// Says that something failed, in the server's words.
    pub fn fail(self, error: &ApiError) {
        self.push(error.message.clone(), true);
    }

    /// Says what to do instead.
    pub fn warn(self, text: impl Into<String>) {
        self.push(text.into(), true);
    }

    fn push(self, text: String, failed: bool) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            // The same sentence twice says no more than once.
            list.retain(|toast| toast.text != text);
            list.push(Toast { id, text, failed });
        });
        spawn_local(async move {
            TimeoutFuture::new(SHOWN_MS).await;
            self.close(id);
        });
    }

    fn close(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Where notices appear.
#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id let(toast)>
                <div class="toast" class:failed=toast.failed>
                    <span>{toast.text.clone()}</span>
                    <IconButton icon=Icon::Close label="Close" on_press=move |_| toasts.close(toast.id) />
                </div>
            </For>
        </div>
    }
}

//! What stands above the pages before the uploader's own code has been fetched: files that were dropped, and the
//! place where the uploads will live.

use leptos::prelude::*;
use web_sys::File;

use crate::feature::members::MakeView;

/// Something that fell on the page.
#[derive(Clone)]
pub enum Dropped {
    File(File),
    /// A browser lists a folder like a file, but it cannot be read as one.
    Folder(File),
}

/// Cheap to copy.
#[derive(Clone, Copy)]
pub struct Inbox {
    /// Taken out by the uploads as soon as they are there.
    pub dropped: RwSignal<Vec<Dropped>, LocalStorage>,
    /// Shown on every page while files are on their way.
    pub pill: RwSignal<Option<MakeView>>,
    /// Lives as long as the site: what uploads are made of belongs to it, not to a page.
    pub owner: StoredValue<Owner>,
}

/// Holds the inbox, and later the uploads, for everything inside.
#[component]
pub fn UploadProvider(children: Children) -> impl IntoView {
    provide_context(Inbox {
        dropped: RwSignal::new_local(Vec::new()),
        pill: RwSignal::new(None),
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
    });
    children()
}

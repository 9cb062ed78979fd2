//! A quiet word on the other pages that files are still on their way.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{provider::use_uploads, stage::Stage};
use crate::ui::{Glyph, Icon};

/// Leads back to the uploads; gone when nothing needs this page any more.
#[component]
pub fn UploadPill() -> impl IntoView {
    let uploads = use_uploads();
    let path = use_location().pathname;
    let words = Memo::new(move |_| {
        if path.get() == "/upload" {
            return None;
        }
        let (mut files, mut sent, mut total) = (0, 0, 0);
        for row in uploads.rows.get() {
            match row.stage.get() {
                Stage::Waiting => {
                    files += 1;
                    total += row.size_bytes();
                }
                Stage::Sending(now) => {
                    files += 1;
                    sent += now.sent_bytes;
                    total += now.total_bytes;
                }
                Stage::Confirming => files += 1,
                _ => {}
            }
        }
        let percent = (sent * 100).checked_div(total).unwrap_or(99).min(99);
        match files {
            0 => None,
            1 => Some(format!("Uploading, {percent} %")),
            files => Some(format!("Uploading {files} files, {percent} %")),
        }
    });
    view! {
        <Show when=move || words.get().is_some()>
            <a class="upload-pill" href="/upload">
                <Glyph icon=Icon::Upload />
                {move || words.get()}
            </a>
        </Show>
    }
}

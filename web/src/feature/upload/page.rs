//! The upload page: all of it takes files.

use leptos::{html, prelude::*};
use web_sys::File;

use super::{provider::use_uploads, row_view::RowView};
use crate::{
    session::{login_href, use_session},
    ui::{Button, Icon, Kind, PageSkeleton, bytes, set_title},
};

/// Containers that some systems do not call videos.
const ACCEPT: &str = "video/*,.mkv,.ts,.mts,.m2ts,.avi,.flv,.mov,.wmv,.mpg,.mpeg,.3gp,.ogv,.webm,.m4v";

/// Where files are dropped or chosen, and what became of them.
#[component]
pub fn UploadPage() -> impl IntoView {
    set_title(|| "Upload".to_owned());
    let session = use_session();
    let uploads = use_uploads();
    let has_rows = Memo::new(move |_| uploads.rows.with(|rows| !rows.is_empty()));
    view! {
        <div class="upload-page" class:busy=has_rows>
            <h1 class="upload-title">"Upload"</h1>
            {move || match (session.known(), session.signed_in()) {
                (false, _) => view! { <PageSkeleton /> }.into_any(),
                (true, true) => view! { <Target has_rows /> }.into_any(),
                (true, false) => view! { <GuestNote has_rows /> }.into_any(),
            }}
            <ul class="upload-rows" aria-label="Files">
                <For each=move || uploads.rows.get() key=|row| row.id let(row)>
                    <RowView row />
                </For>
            </ul>
        </div>
    }
}

/// The place that says what to do; large while there is nothing else on the page.
#[component]
fn Target(has_rows: Memo<bool>) -> impl IntoView {
    let uploads = use_uploads();
    let session = use_session();
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let files: Vec<File> = input
            .files()
            .map_or_else(Vec::new, |list| (0..list.length()).filter_map(|n| list.get(n)).collect());
        // The same file can be chosen again.
        input.set_value("");
        uploads.add(files);
    };
    let choose = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let limit = move || session.site().map(|site| format!("Up to {} each.", bytes(site.max_upload_bytes.0)));
    view! {
        <div class="upload-target">
            <input
                node_ref=input
                class="unseen"
                type="file"
                accept=ACCEPT
                multiple
                tabindex="-1"
                aria-hidden="true"
                on:change=chosen
            />
            <p class="upload-hint">
                {move || if has_rows.get() { "Drop more files anywhere on this page." } else { "Drop videos anywhere on this page." }}
                " " <span class="soft">{limit}</span>
            </p>
            {move || {
                let kind = if has_rows.get() { Kind::Plain } else { Kind::Primary };
                view! { <Button label="Choose files" icon=Icon::Upload kind on_press=choose /> }
            }}
        </div>
    }
}

/// One sentence for a guest, and the two ways on; what they dropped waits.
#[component]
fn GuestNote(has_rows: Memo<bool>) -> impl IntoView {
    let sign_up = login_href("/upload").replacen("/login", "/signup", 1);
    view! {
        <div class="upload-target">
            <p class="upload-hint">
                {move || {
                    if has_rows.get() {
                        "An upload needs an account. The files wait here."
                    } else {
                        "An upload needs an account; watching does not."
                    }
                }}
            </p>
            <p class="upload-ways">
                <a class="button primary" href=login_href("/upload")>
                    "Log in"
                </a>
                <a class="button" href=sign_up>
                    "Sign up"
                </a>
            </p>
        </div>
    }
}

//! The upload page: all of it takes files.

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    overall::Overall,
    provider::use_uploads,
    row_view::RowView,
    script::{Picked, upload_script},
    unfinished::Unfinished,
    words::VIDEO_ENDINGS,
};
use crate::{
    session::{login_href, use_session},
    ui::{Button, Icon, Kind, PageSkeleton, bytes, set_title},
};

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
            <Overall />
            <ul class="upload-rows" aria-label="Files">
                <For each=move || uploads.rows.get() key=|row| row.id let(row)>
                    <RowView row />
                </For>
            </ul>
            <Show when=move || session.signed_in()>
                <Unfinished />
            </Show>
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
        let files: Vec<Picked> = input.files().map_or_else(Vec::new, |list| {
            let files = (0..list.length()).filter_map(|n| list.get(n));
            files.map(|file| Picked { file, handle: None, in_folder: false }).collect()
        });
        // The same file can be chosen again.
        input.set_value("");
        uploads.add(files);
    };
    let choose = move |_| {
        spawn_local(async move {
            // With handles where there are such things; else by the plain input.
            let chosen = match upload_script().await {
                Some(script) => script.choose_files().await,
                None => None,
            };
            match (chosen, input.get_untracked()) {
                (Some(files), _) => uploads.add(files),
                (None, Some(input)) => input.click(),
                (None, None) => {}
            }
        });
    };
    let accept = VIDEO_ENDINGS.iter().fold("video/*".to_owned(), |list, ending| list + ",." + ending);
    let limit = move || session.site().map(|site| format!("Up to {} each.", bytes(site.max_upload_bytes.0)));
    view! {
        <div class="upload-target">
            <input
                node_ref=input
                class="unseen"
                type="file"
                accept=accept
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

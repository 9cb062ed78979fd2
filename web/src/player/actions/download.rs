//! The files of a video: the one that was uploaded, one of each size, and the sound alone. One that is not there yet is
//! made when it is asked for, and then saves itself.

use cynic::{MutationBuilder, QueryBuilder};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::{
    api::{
        Download, DownloadState, DownloadsQuery, DownloadsVariables, PrepareDownload,
        PrepareDownloadVariables,
    },
    opinion::ViewerActions,
};
use crate::{
    api::{self, ApiError},
    ui::{Dialog, Glyph, Icon, Load, Toasts, bytes, use_load, use_toasts},
};

const LOOK_AGAIN_MS: u32 = 1_500;
/// A file that takes longer than an hour is not waited for here.
const MOST_LOOKS: u32 = 2_400;

/// What the menu is of.
#[derive(Clone, Debug, PartialEq)]
struct Of {
    id: cynic::Id,
    original: String,
}

/// Opens the menu; absent while there is nothing to save.
#[component]
pub fn DownloadButton(actions: ViewerActions) -> impl IntoView {
    let of = Memo::new(move |_| {
        actions.video.with(|video| {
            let video = video.as_ref()?;
            Some(Of { id: video.id.clone(), original: video.download_url.clone()? })
        })
    });
    let open = RwSignal::new(false);
    let choices = move || of.get().map(|of| view! { <Choices of open /> });
    view! {
        <Show when=move || of.with(Option::is_some)>
            // What is pressed in the menu is no press on the picture under it.
            <div class="download" data-no-swipe="" on:click=|event| event.stop_propagation() on:keydown=keep>
                <button
                    type="button"
                    class="action"
                    aria-label="Download"
                    aria-haspopup="dialog"
                    title="Download"
                    on:click=move |_| open.set(true)
                >
                    <Glyph icon=Icon::Download />
                    <span class="action-name">"Download"</span>
                </button>
                <Dialog open title="Download">
                    {choices}
                </Dialog>
            </div>
        </Show>
    }
}

/// Keys in the menu are not those of the player; Escape closes it by itself.
fn keep(event: leptos::ev::KeyboardEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if target.is_some_and(|element| element.closest("dialog").ok().flatten().is_some()) {
        event.stop_propagation();
    }
}

#[component]
fn Choices(of: Of, open: RwSignal<bool>) -> impl IntoView {
    let id = of.id.clone();
    let loader = use_load(move || downloads(id.clone()));
    let id = StoredValue::new(of.id);
    let list = move || match loader.state.get() {
        Load::Loading => view! { <li class="download-row soft">"Looking for other sizes…"</li> }.into_any(),
        Load::Failed(error) => view! { <li class="download-row soft">{error.message}</li> }.into_any(),
        Load::Ready(files) => files
            .into_iter()
            .map(|file| view! { <Choice id=id.get_value() file=file open /> })
            .collect_view()
            .into_any(),
    };
    view! {
        <ul class="download-list">
            <li>
                <a
                    class="download-row"
                    href=of.original
                    download=""
                    rel="external"
                    on:click=move |_| open.set(false)
                >
                    <span>"Original"</span>
                    <span class="download-size">"As it was uploaded"</span>
                </a>
            </li>
            {list}
        </ul>
    }
}

#[component]
fn Choice(id: cynic::Id, file: Download, open: RwSignal<bool>) -> impl IntoView {
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let (name, size) = (name_of(&file.rendition), bytes(file.size.0));
    let rendition = file.rendition;
    let ready = file.url;
    let press = move |_| {
        if let Some(url) = &ready {
            open.set(false);
            return save(url);
        }
        busy.set(true);
        let (id, rendition) = (id.clone(), rendition.clone());
        spawn_local(async move {
            fetch(id, rendition, toasts, open).await;
            busy.try_set(false);
        });
    };
    view! {
        <li>
            <button type="button" class="download-row" disabled=move || busy.get() on:click=press>
                <span>{name}</span>
                <span class="download-size" aria-live="polite">
                    {move || if busy.get() { "Preparing…".to_owned() } else { size.clone() }}
                </span>
            </button>
        </li>
    }
}

fn name_of(rendition: &str) -> String {
    match rendition.split_once('-') {
        _ if rendition == "audio" => "Sound only".to_owned(),
        Some((size, codec)) => format!("{size} {}", codec.to_uppercase()),
        None => rendition.to_owned(),
    }
}

async fn downloads(id: cynic::Id) -> Result<Vec<Download>, ApiError> {
    let found = api::send(DownloadsQuery::build(DownloadsVariables { id })).await?;
    Ok(found.video.map_or_else(Vec::new, |video| video.downloads))
}

/// Has a file made, waits for it and saves it. Goes on when the menu is closed or the page is another one.
async fn fetch(id: cynic::Id, rendition: String, toasts: Toasts, open: RwSignal<bool>) {
    let variables = PrepareDownloadVariables { video_id: id.clone(), rendition: rendition.clone() };
    let mut file = match api::send(PrepareDownload::build(variables)).await {
        Ok(answer) => answer.prepare_download,
        Err(error) => return toasts.fail(&error),
    };
    for _ in 0..MOST_LOOKS {
        match (&file.url, file.state) {
            (Some(url), _) => {
                open.try_set(false);
                return save(url);
            }
            (None, DownloadState::Preparing) => {}
            (None, _) => return toasts.warn("The file could not be made. Try again later."),
        }
        TimeoutFuture::new(LOOK_AGAIN_MS).await;
        // Nobody at the other end is no end: the next look will tell.
        if let Ok(files) = downloads(id.clone()).await {
            match files.into_iter().find(|found| found.rendition == rendition) {
                Some(found) => file = found,
                None => return toasts.warn("The file could not be made. Try again later."),
            }
        }
    }
}

/// As a press on a link does.
fn save(url: &str) {
    let link =
        document().create_element("a").ok().and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(link) = link {
        // Neither can fail: both are names that HTML knows.
        let _ = link.set_attribute("href", url);
        let _ = link.set_attribute("download", "");
        link.click();
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn files_are_called_by_what_is_in_them() {
        assert_eq!((name_of("720p").as_str(), name_of("audio").as_str()), ("720p", "Sound only"));
    }
}

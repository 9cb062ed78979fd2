//! One file: its picture, its name, what happens to it, and what its uploader says about it.

use leptos::prelude::*;

use super::{
    details_form::DetailsForm,
    provider::use_uploads,
    row::Row,
    stage::{Sending, Stage},
};
use crate::{
    session::use_session,
    ui::{Button, Glyph, Icon, IconButton, Kind, bytes, duration, speed, time_left, use_online, use_toasts},
};

/// A row that changes in place from bytes to stages to a link.
#[component]
pub fn RowView(row: Row) -> impl IntoView {
    let session = use_session();
    let online = use_online();
    let name = row.file_name();
    let kind = move || row.stage.with(class_of);
    let percent = Memo::new(move |_| row.stage.with(percent_of));
    let gone = Memo::new(move |_| {
        row.stage.with(|stage| matches!(stage, Stage::Refused(_) | Stage::Failed(_) | Stage::Cancelled))
    });
    let label = format!("Progress of {name}");
    view! {
        <li class=move || format!("upload-row {}", kind())>
            <div class="upload-still" aria-hidden="true">
                {move || match row.still.get() {
                    Some(url) => view! { <img src=url alt="" /> }.into_any(),
                    None => view! { <Glyph icon=Icon::Film /> }.into_any(),
                }}
            </div>
            <div class="upload-main">
                <p class="upload-name">
                    <span class="upload-file" title=name.clone()>{name.clone()}</span>
                    <span class="upload-size">{move || size_words(row)}</span>
                </p>
                <Show when=move || row.unseen.get() && !gone.get()>
                    <p class="upload-unseen">"This browser cannot show it; the site may."</p>
                </Show>
                <p class="upload-status" aria-live="polite">
                    {move || row.stage.with(|stage| status(stage, session.signed_in(), online.get()))}
                </p>
                <div
                    class="progress"
                    role="progressbar"
                    aria-label=label
                    aria-valuemin="0"
                    aria-valuemax="100"
                    aria-valuenow=move || percent.get().map(|percent| format!("{percent:.0}"))
                    class:still=move || percent.get().is_none()
                >
                    <span style:transform=move || format!("scaleX({:.4})", percent.get().unwrap_or(0.0) / 100.0)></span>
                </div>
            </div>
            <div class="upload-ways">
                <RowWays row />
            </div>
            <Show when=move || !gone.get()>
                <DetailsForm row />
            </Show>
        </li>
    }
}

/// Size, and what this browser could read of the file: how long, how large the picture.
fn size_words(row: Row) -> String {
    let mut text = bytes(row.size_bytes());
    if let Some(preview) = row.preview.get() {
        if preview.duration_ms >= 1_000.0 {
            text += &format!(" · {}", duration(preview.duration_ms as i64));
        }
        // Of sound alone there is nothing to see.
        if preview.width > 0 {
            text += &format!(" · {}×{}", preview.width, preview.height);
        }
    }
    text
}

/// What can be done with the file now.
#[component]
fn RowWays(row: Row) -> impl IntoView {
    let uploads = use_uploads();
    let toasts = use_toasts();
    let watchable = Memo::new(move |_| {
        row.stage.with(|stage| matches!(stage, Stage::Ready | Stage::Processing { playable: true, .. }))
    });
    let link = move || row.video_id.get().map(|id| format!("/watch/{id}"));
    let copy = move |_| {
        let Some(path) = untrack(link) else { return };
        let url = window().location().origin().unwrap_or_default() + &path;
        crate::player::actions::copy_link(url, toasts);
    };
    let cancel = move || row.stage.with(Stage::can_be_cancelled);
    let retry = move || row.stage.with(Stage::can_be_retried);
    let over = move || row.stage.with(Stage::is_over);
    let sending = move || row.stage.with(|stage| matches!(stage, Stage::Sending(_)));
    let paused = move || row.stage.with(Stage::is_paused);
    // Worth a button only behind others.
    let waits_behind = move || {
        let before_this = uploads.rows.get().into_iter().take_while(|other| other.id != row.id);
        let waits = |row: Row| row.stage.with(|stage| *stage == Stage::Waiting);
        waits(row) && before_this.filter(|other| waits(*other)).count() > 0
    };
    let same = move || {
        row.stage.with(|stage| match stage {
            Stage::Same { video_id, .. } => Some(format!("/watch/{video_id}")),
            _ => None,
        })
    };
    view! {
        <Show when=move || same().is_some()>
            <a class="button" href=same>
                "Watch"
            </a>
            <Button label="Upload again" kind=Kind::Plain on_press=move |_| uploads.send_again(row) />
        </Show>
        <Show when=waits_behind>
            <IconButton icon=Icon::ChevronUp label="Send next" on_press=move |_| uploads.send_next(row) />
        </Show>
        <Show when=sending>
            <IconButton icon=Icon::Pause label="Pause" on_press=move |_| uploads.pause(row) />
        </Show>
        <Show when=paused>
            <IconButton icon=Icon::Play label="Go on" on_press=move |_| uploads.retry(row) />
        </Show>
        <Show when=move || watchable.get()>
            <a class="button" class:primary=move || row.stage.with(|stage| *stage == Stage::Ready) href=link>
                "Watch"
            </a>
        </Show>
        <Show when=move || row.video_id.get().is_some() && !row.stage.with(|stage| matches!(stage, Stage::Failed(_)))>
            <IconButton icon=Icon::Link label="Copy link" on_press=copy />
        </Show>
        <Show when=retry>
            <IconButton icon=Icon::Retry label="Try again" on_press=move |_| uploads.retry(row) />
        </Show>
        <Show when=cancel>
            <IconButton icon=Icon::Close label="Cancel upload" on_press=move |_| uploads.cancel(row) />
        </Show>
        <Show when=over>
            <IconButton icon=Icon::Close label="Remove from this list" on_press=move |_| uploads.dismiss(row) />
        </Show>
    }
}

fn class_of(stage: &Stage) -> &'static str {
    match stage {
        Stage::Waiting | Stage::Paused(_) | Stage::Same { .. } => "waits",
        Stage::Sending(_) | Stage::Confirming => "sends",
        Stage::Processing { .. } => "processes",
        Stage::Ready => "ready",
        Stage::Refused(_) | Stage::Failed(_) | Stage::Broken(_) => "failed",
        Stage::Cancelled => "cancelled",
    }
}

/// How full the line is; None when there is nothing to measure.
fn percent_of(stage: &Stage) -> Option<f64> {
    match stage {
        Stage::Sending(now) | Stage::Paused(now) => Some(now.percent() as f64),
        Stage::Confirming => Some(99.0),
        Stage::Processing { percent, .. } => Some(*percent),
        Stage::Ready => Some(100.0),
        _ => None,
    }
}

fn status(stage: &Stage, signed_in: bool, online: bool) -> String {
    match stage {
        Stage::Waiting if !signed_in => "Waits until you log in".to_owned(),
        Stage::Waiting => "Waits for its turn".to_owned(),
        Stage::Sending(now) if !online => {
            format!("No connection, goes on by itself · {} % sent", now.percent())
        }
        Stage::Sending(now) => sending(now),
        Stage::Paused(now) => format!("Paused · {} % is safe", now.percent()),
        Stage::Same { title, .. } => format!("You uploaded this file already: “{title}”"),
        Stage::Confirming => "All sent, the server checks it".to_owned(),
        Stage::Processing { percent, words, left_ms, playable } => {
            let mut text = words.clone();
            if *percent >= 1.0 {
                text += &format!(", {percent:.0} %");
            }
            if let Some(ms) = left_ms.filter(|&ms| ms > 0.0) {
                text += &format!(" · {}", time_left(ms));
            }
            if *playable {
                text += " · can be watched already";
            }
            text
        }
        Stage::Ready => "Ready".to_owned(),
        Stage::Refused(reason) | Stage::Failed(reason) | Stage::Broken(reason) => reason.clone(),
        Stage::Cancelled => "Cancelled".to_owned(),
    }
}

fn sending(now: &Sending) -> String {
    let mut text = format!("{} % · {} of {}", now.percent(), bytes(now.sent_bytes), bytes(now.total_bytes));
    if let Some(rate) = now.bytes_per_second {
        text += &format!(" · {}", speed(rate));
    }
    if let Some(seconds) = now.seconds_left {
        text += &format!(" · {}", time_left(seconds * 1000.0));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_speed_and_time_in_one_line() {
        let now = Sending {
            sent_bytes: 1_000_000,
            total_bytes: 4_000_000,
            bytes_per_second: Some(500_000.0),
            seconds_left: Some(6.0),
        };
        assert_eq!(
            status(&Stage::Sending(now), true, true),
            "25 % · 1.0 MB of 4.0 MB · 500 kB/s · 10 s left"
        );
        assert_eq!(
            status(&Stage::Sending(Sending { total_bytes: 9, ..Sending::default() }), true, true),
            "0 % · 0 B of 9 B"
        );
    }

    #[test]
    fn only_the_server_fills_the_line() {
        assert_eq!(percent_of(&Stage::Confirming), Some(99.0));
        assert_eq!(percent_of(&Stage::Ready), Some(100.0));
        assert_eq!(percent_of(&Stage::Cancelled), None);
    }
}

//! All files together: how many, how much, how long.

use leptos::prelude::*;

use super::{provider::use_uploads, stage::Stage};
use crate::ui::{bytes, speed, time_left};

/// What all rows add up to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Sum {
    files: usize,
    /// Whose bytes the server has confirmed.
    sent_files: usize,
    sent_bytes: u64,
    total_bytes: u64,
    bytes_per_second: f64,
}

impl Sum {
    fn of<'a>(rows: impl IntoIterator<Item = (&'a Stage, u64)>) -> Self {
        let mut sum = Self::default();
        for (stage, size_bytes) in rows {
            let Some((sent_bytes, total_bytes)) = stage.share(size_bytes) else { continue };
            sum.files += 1;
            sum.sent_files += usize::from(matches!(stage, Stage::Processing { .. } | Stage::Ready));
            sum.sent_bytes += sent_bytes;
            sum.total_bytes += total_bytes;
            if let Stage::Sending(now) = stage {
                sum.bytes_per_second += now.bytes_per_second.unwrap_or(0.0);
            }
        }
        sum
    }

    fn is_over(&self) -> bool {
        self.files == self.sent_files
    }

    fn percent(&self) -> u64 {
        let percent = (self.sent_bytes * 100).checked_div(self.total_bytes).unwrap_or(0);
        if self.is_over() { percent } else { percent.min(99) }
    }

    fn words(&self) -> String {
        let mut text = format!(
            "{} of {} sent · {} of {}",
            self.sent_files,
            self.files,
            bytes(self.sent_bytes),
            bytes(self.total_bytes)
        );
        if self.bytes_per_second > 1.0 {
            let left_s = self.total_bytes.saturating_sub(self.sent_bytes) as f64 / self.bytes_per_second;
            text += &format!(" · {} · {}", speed(self.bytes_per_second), time_left(left_s * 1000.0));
        }
        text
    }
}

/// One line for several files; a single one says all of this itself.
#[component]
pub fn Overall() -> impl IntoView {
    let uploads = use_uploads();
    let sum = Memo::new(move |_| {
        let rows = uploads.rows.get();
        let stages: Vec<_> = rows.iter().map(|row| (row.stage.get(), row.size_bytes())).collect();
        Sum::of(stages.iter().map(|(stage, size_bytes)| (stage, *size_bytes)))
    });
    view! {
        <Show when=move || sum.with(|sum| sum.files > 1)>
            <div class="upload-overall">
                <p aria-live="polite">{move || sum.with(Sum::words)}</p>
                <div
                    class="progress"
                    role="progressbar"
                    aria-label="Progress of all files"
                    aria-valuemin="0"
                    aria-valuemax="100"
                    aria-valuenow=move || sum.with(Sum::percent).to_string()
                >
                    <span style:transform=move || format!("scaleX({:.4})", sum.with(Sum::percent) as f64 / 100.0)></span>
                </div>
            </div>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::upload::stage::Sending;

    #[test]
    fn files_that_will_never_be_sent_do_not_count() {
        let sending = Stage::Sending(Sending {
            sent_bytes: 50,
            total_bytes: 100,
            bytes_per_second: Some(10.0),
            seconds_left: None,
        });
        let broken = Stage::Broken(String::new());
        let sum = Sum::of([(&sending, 100), (&Stage::Waiting, 200), (&Stage::Ready, 100), (&broken, 900)]);
        assert_eq!((sum.files, sum.sent_files, sum.sent_bytes, sum.total_bytes), (3, 1, 150, 400));
        assert_eq!(sum.words(), "1 of 3 sent · 150 B of 400 B · 10 B/s · 25 s left");
    }

    #[test]
    fn a_hundred_percent_is_the_servers_word() {
        assert_eq!(Sum::of([(&Stage::Confirming, 100)]).percent(), 99);
        assert_eq!(Sum::of([(&Stage::Ready, 100)]).percent(), 100);
    }
}

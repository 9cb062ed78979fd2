//! What a person sees while a file goes out: a bar on the terminal, and nothing where there is none.

use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Numbers that change more often are not read.
const DRAWN_PER_SECOND: u8 = 4;
const TICK: Duration = Duration::from_millis(250);

/// The bar of one file, on standard error.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar for a file of this name and size, of which some bytes are safe already. Without a terminal there is
    /// none: logs are not for watching.
    pub fn of_file(name: &str, size_bytes: u64, safe_bytes: u64) -> Self {
        if !stderr().is_terminal() {
            return Self { bar: None };
        }
        let target = ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND);
        let bar = ProgressBar::with_draw_target(Some(size_bytes), target);
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix:.bold} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} {msg}",
        ) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.set_position(safe_bytes);
        // What was safe before says nothing about the line of today.
        bar.reset_eta();
        bar.enable_steady_tick(TICK);
        Self { bar: Some(bar) }
    }

    /// More bytes are on their way.
    pub fn add(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// These were lost and go out again.
    pub fn take_back(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.dec(bytes);
        }
    }

    /// A bar for what follows the last byte, up to 100 steps.
    pub fn of_processing(name: &str) -> Self {
        if !stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar =
            ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        if let Ok(style) = ProgressStyle::with_template("{prefix:.bold} {wide_bar} {pos} % {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.set_message("processing");
        bar.enable_steady_tick(TICK);
        Self { bar: Some(bar) }
    }

    /// Where the bar stands now, in its own steps.
    pub fn stand_at(&self, position: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        }
    }

    /// What is being waited for; empty when nothing is.
    pub fn say(&self, words: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(words.to_owned());
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

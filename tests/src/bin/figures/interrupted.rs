//! How much of an upload in the browser goes out twice when the tab, the browser, the server or the network ends at
//! 30, 60 and 90 %, counted on the line.

use std::path::Path;
use std::time::{Duration, Instant};

use kinora_tests::browser::pages::{UploadPage, log_in_again, sign_up};
use kinora_tests::browser::{Browser, Profile};
use kinora_tests::person::Person;
use kinora_tests::proxy::Line;
use kinora_tests::served::{Served, free_port};
use nix::sys::signal::Signal;
use serde_json::json;

use super::row;
use super::uploads::{MEBIBYTE, noise};

const PERCENTS: [u64; 3] = [30, 60, 90];
const FILE_MEBIBYTES: usize = 240;
const PART_MEBIBYTES: u64 = 8;
/// Parts that may be on their way at the same time.
const MOST_IN_FLIGHT: u64 = 6;
/// A line on which the whole takes several seconds.
const BYTES_A_SECOND: u64 = 48 << 20;
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Tab,
    Browser,
    Server,
    Network,
}

struct Trial<'a> {
    folder: &'a Path,
    port: u16,
    line: Line,
    served: Served,
    profile: Profile,
    ann: Person,
    /// What was sent and did not count, so far.
    lost_bytes: u64,
}

pub async fn measure(folder: &Path) {
    let file = noise(folder, "interrupted.mp4", FILE_MEBIBYTES * MEBIBYTE);
    for end in [End::Tab, End::Browser, End::Server, End::Network] {
        let place = folder.join(format!("interrupted-{end:?}"));
        let mut trial = Trial::start(&place).await;
        trial.run(end, &file).await;
        trial.served.signal(Signal::SIGTERM);
        trial.served.ended(Duration::from_secs(15)).await;
    }
}

impl<'a> Trial<'a> {
    async fn start(folder: &'a Path) -> Self {
        let port = free_port();
        let line = Line::to(port).await;
        let mut served = serve(port, &line, folder);
        served.ready().await;
        let profile = Profile::fresh();
        let browser = Browser::start(&line.url(), &profile).await;
        sign_up(&browser, "ann").await;
        browser.quit().await;
        let ann = Person::log_in(&served.client(), "ann").await;
        Self { folder, port, line, served, profile, ann, lost_bytes: 0 }
    }

    async fn run(&mut self, end: End, file: &Path) {
        let size = std::fs::metadata(file).unwrap().len();
        let mut browser = self.browser().await;
        UploadPage::open(&browser).await.drop_file(file).await;
        for percent in PERCENTS {
            let begun = Instant::now();
            while self.received_bytes().await < size * percent / 100 {
                assert!(begun.elapsed() < PATIENCE, "{end:?}: {percent} % never arrived");
                tokio::time::sleep(POLL).await;
            }
            match end {
                End::Tab => {
                    browser.replace_tab().await;
                    self.count(end, percent).await;
                    browser.limit_uploads(Some(BYTES_A_SECOND)).await;
                    UploadPage::open(&browser).await.drop_file(file).await;
                }
                End::Browser => {
                    browser.kill().await;
                    self.count(end, percent).await;
                    browser = self.browser().await;
                    UploadPage::open(&browser).await.drop_file(file).await;
                }
                End::Server => {
                    self.line.cut();
                    self.served.signal(Signal::SIGKILL);
                    self.served.ended(PATIENCE).await;
                    self.served = serve(self.port, &self.line, self.folder);
                    self.served.ready().await;
                    self.count(end, percent).await;
                    self.line.mend();
                }
                End::Network => {
                    self.line.cut();
                    self.count(end, percent).await;
                    self.line.mend();
                }
            }
        }
        let begun = Instant::now();
        while !browser.text().await.contains("Waiting to be processed") {
            assert!(begun.elapsed() < PATIENCE, "{end:?}: it never arrived: {}", browser.text().await);
            tokio::time::sleep(POLL).await;
        }
        browser.quit().await;
        println!(
            "{end:?} ended three times: {:.1} MB of a file of {:.1} MB went out twice",
            (self.line.out_bytes() - size) as f64 / 1e6,
            size as f64 / 1e6
        );
    }

    async fn browser(&self) -> Browser {
        let browser = Browser::start(&self.line.url(), &self.profile).await;
        // A browser that was killed may not have written its newest cookies.
        log_in_again(&browser, "ann").await;
        browser.limit_uploads(Some(BYTES_A_SECOND)).await;
        browser
    }

    async fn received_bytes(&self) -> u64 {
        let query = "{ unfinishedUploads { receivedParts { size } } }";
        let list = self.ann.run(query, json!({})).await.data()["unfinishedUploads"].take();
        let parts = list[0]["receivedParts"].as_array().cloned().unwrap_or_default();
        parts.iter().filter_map(|part| part["size"].as_u64()).sum()
    }

    /// What went out and was not kept since the last end.
    async fn count(&mut self, end: End, percent: u64) {
        // What had reached the store whole may still be being written.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let lost_bytes = self.line.out_bytes().saturating_sub(self.received_bytes().await);
        let parts = (lost_bytes.saturating_sub(self.lost_bytes)) as f64 / (PART_MEBIBYTES << 20) as f64;
        row(
            &format!("parts to be sent again, {end:?} ended at {percent} %"),
            parts,
            "",
            MOST_IN_FLIGHT as f64,
        );
        self.lost_bytes = lost_bytes;
    }
}

/// A server that is known to everybody by the line's address.
fn serve(port: u16, line: &Line, folder: &Path) -> Served {
    let known_as = line.url();
    let settings =
        [("KINORA_RUNNER", "off"), ("KINORA_RATE_LIMITS", "off"), ("KINORA_PUBLIC_URL", known_as.as_str())];
    Served::spawn_on(port, folder, &settings)
}

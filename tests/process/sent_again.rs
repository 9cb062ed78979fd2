//! How much `kinora upload` sends a second time, counted on the line, when it is killed, when the server is, and
//! when the network is cut, each at 30, 60 and 90 %.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinora_tests::person::Person;
use kinora_tests::proxy::Line;
use kinora_tests::served::{Served, free_port};
use nix::sys::signal::Signal;

use crate::Place;
use crate::desk::{Desk, LARGE_BYTES, PART_BYTES, PATIENCE, sum};

const PERCENTS: [u64; 3] = [30, 60, 90];
/// Parts that may be on their way at the same time.
const MOST_IN_FLIGHT: u64 = 6;
/// The words around the parts.
const WORDS_BYTES: u64 = 1 << 20;
const POLL: Duration = Duration::from_millis(1);

/// A desk whose machine reaches the site by a line that counts.
struct Counted {
    desk: Desk,
    line: Line,
    port: u16,
    file: PathBuf,
    /// What was sent and did not count, at the interruptions so far.
    lost: u64,
}

impl Counted {
    async fn new() -> Self {
        let (place, port) = (Place::new(), free_port());
        let line = Line::to(port).await;
        let mut served = serve(port, &line, &place.data());
        served.ready().await;
        let ann = Person::sign_up(&served.client(), "ann").await;
        let token = ann.api_token("UPLOAD").await;
        let desk = Desk { place, served, ann, token };
        let file = desk.large_file("large.mp4", LARGE_BYTES);
        Self { desk, line, port, file, lost: 0 }
    }

    fn start(&self) -> Served {
        let mut command = self.desk.upload();
        command.env("KINORA_SERVER", self.line.url().as_str()).arg(&self.file);
        Served::follow(&mut command, 0)
    }

    /// Waits until so much of the file has gone out by the line.
    async fn at(&self, percent: u64) {
        let begun = Instant::now();
        while self.line.out_bytes() < self.lost + LARGE_BYTES * percent / 100 {
            assert!(begun.elapsed() < PATIENCE, "only {} bytes went out", self.line.out_bytes());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Takes note of what an interruption has cost.
    async fn interrupted(&mut self, upload: &str, percent: u64) {
        // What had reached the store whole may still be being written.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let found = self.desk.upload_of(upload).await;
        assert_eq!(found["state"], "UPLOADING", "it was too quick: {found}");
        let lost = self.line.out_bytes() - sum(&found["receivedParts"]);
        let again = lost - self.lost;
        assert!(again <= MOST_IN_FLIGHT * PART_BYTES + WORDS_BYTES, "{again} bytes lost at {percent} %");
        self.lost = lost;
    }

    /// Waits for the end, and compares what went out with what had to.
    ///
    /// A part that arrived whole, and whose answer was lost, is in flight to whoever sent it: it may go again
    /// though the store has it, which is why the bound is of parts in flight rather than of bytes lost.
    async fn arrived(&mut self, mut sending: Served) {
        assert_eq!(sending.ended(PATIENCE).await.code(), Some(0), "{}", sending.words());
        let out = self.line.out_bytes();
        let most = LARGE_BYTES + PERCENTS.len() as u64 * MOST_IN_FLIGHT * PART_BYTES + WORDS_BYTES;
        assert!((LARGE_BYTES..=most).contains(&out), "{out} bytes, of which {} were lost", self.lost);
        self.desk.arrived_as(&self.file).await;
    }
}

/// A server that is known to everybody by the line's address.
fn serve(port: u16, line: &Line, data: &Path) -> Served {
    let known_as = line.url();
    let settings = [("KINORA_RUNNER", "off"), ("KINORA_PUBLIC_URL", known_as.as_str())];
    Served::spawn_on(port, data, &settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_sends_again_what_was_in_flight_and_no_more() {
    let mut counted = Counted::new().await;
    let mut sending = counted.start();
    let upload = counted.desk.begun().await;
    for percent in PERCENTS {
        counted.at(percent).await;
        sending.signal(Signal::SIGKILL);
        sending.ended(PATIENCE).await;
        counted.interrupted(&upload, percent).await;
        sending = counted.start();
    }
    counted.arrived(sending).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_gets_again_what_was_in_flight_and_no_more() {
    let mut counted = Counted::new().await;
    let sending = counted.start();
    let upload = counted.desk.begun().await;
    for percent in PERCENTS {
        counted.at(percent).await;
        // The line stays cut meanwhile, so that nothing goes out before it is known what arrived.
        counted.desk.served.signal(Signal::SIGKILL);
        counted.line.cut();
        counted.desk.served.ended(PATIENCE).await;
        counted.desk.postgres_gone().await;
        counted.desk.served = serve(counted.port, &counted.line, &counted.desk.place.data());
        counted.desk.served.ready().await;
        counted.interrupted(&upload, percent).await;
        counted.line.mend();
    }
    counted.arrived(sending).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_network_carries_again_what_was_in_flight_and_no_more() {
    let mut counted = Counted::new().await;
    let sending = counted.start();
    let upload = counted.desk.begun().await;
    for percent in PERCENTS {
        counted.at(percent).await;
        counted.line.cut();
        counted.interrupted(&upload, percent).await;
        counted.line.mend();
    }
    counted.arrived(sending).await;
}

//! Runners as processes of their own: two beside one, their memory, the overhead, a kill, and objects an hour.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kinora_server::database::{StatementCount, connect};
use kinora_server::embedded::postgres::url_of_running;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command, program};
use nix::sys::signal::Signal;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::processing::{PATIENCE, ffmpeg, make, short};
use super::{at_least, row};

const LADDER: (&str, &str) = ("KINORA_LADDER", "1080p:5000k,720p:2800k,480p:1400k");
const SETTINGS: [(&str, &str); 3] = [("KINORA_RATE_LIMITS", "off"), ("KINORA_RUNNER", "off"), LADDER];
const SHORT_LADDER: (&str, &str) = ("KINORA_LADDER", "240p:300k,180p:200k,144p:100k");
const POLL: Duration = Duration::from_millis(10);
const SOON: Duration = Duration::from_secs(30);

/// A site without a runner of its own.
struct Site {
    data: PathBuf,
    served: Served,
    person: Person,
    database: DatabaseConnection,
}

impl Site {
    async fn start(data: PathBuf, settings: &[(&str, &str)]) -> Self {
        let mut served = Served::spawn(&data, settings);
        served.ready().await;
        let person = Person::sign_up(&served.client(), "measures").await;
        let url = url_of_running(&data).unwrap();
        let database = connect(&url, &StatementCount::default()).await.unwrap();
        Self { data, served, person, database }
    }

    /// A runner on these cores.
    fn runner(&self, name: &str, cores: &str) -> Served {
        let made = command(&["token", "create", "--name", name]).env("KINORA_DATA_DIR", &self.data).output();
        let said = String::from_utf8(made.unwrap().stdout).unwrap();
        let token = said.split_whitespace().find(|word| word.starts_with("kn_")).unwrap();
        let work = self.data.join(name);
        std::fs::create_dir_all(&work).unwrap();
        let mut pinned = Command::new(located("taskset"));
        // Where nothing lies along its path it does without bubblewrap, which does not hand on how long what it ran
        // took.
        pinned
            .env("PATH", "/nowhere")
            .env("KINORA_FFMPEG", located("ffmpeg"))
            .env("KINORA_FFPROBE", located("ffprobe"))
            .args(["-c", cores])
            .arg(program())
            .args(["runner", "--server", self.served.url.as_str(), "--token", token])
            .env("KINORA_RUNNER_WORK_DIR", work);
        Served::follow(&mut pinned, 0)
    }

    async fn upload(&self, file: &Path) -> String {
        let bytes = std::fs::read(file).unwrap();
        let upload = self.person.begin_upload("clip.mp4", "video/mp4", bytes.len() as u64).await;
        self.person.put_parts(&upload, &bytes).await;
        let done = self.person.complete(&upload).await.data();
        done["completeUpload"]["id"].as_str().unwrap().to_owned()
    }

    async fn number(&self, query: &str) -> i64 {
        let statement = Statement::from_string(DbBackend::Postgres, query);
        let row = self.database.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Waits until a query gives a number other than 0.
    async fn until(&self, query: &str) {
        let begun = Instant::now();
        while self.number(query).await == 0 {
            assert!(begun.elapsed() < PATIENCE, "never: {query}");
            tokio::time::sleep(POLL).await;
        }
    }

    async fn end(mut self) {
        drop(self.database);
        self.served.signal(Signal::SIGTERM);
        self.served.ended(SOON).await;
    }
}

/// Where a program lies along the path.
fn located(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("{program} is missing"))
}

pub async fn measure(folder: &Path) {
    let short = short(folder);
    two_beside_one(folder, &short).await;
    killed(folder, &short).await;
    objects_an_hour(folder).await;
}

/// Four minutes by one runner on one core, and by two on one core each.
async fn two_beside_one(folder: &Path, short: &Path) {
    let source = folder.join("four-minutes.mp4");
    make(short, "-t 240", &source);
    let site = Site::start(folder.join("two-runners"), &SETTINGS).await;
    let mut times_s = Vec::new();
    println!("bare ffmpeg on both cores at once, beside one: {:.2} ×", bare_scaling(short));
    for cores in [&["0"][..], &["0", "1"]] {
        let mut runners: Vec<Served> =
            cores.iter().map(|core| site.runner(&format!("{}-on-{core}", cores.len()), core)).collect();
        for runner in &runners {
            runner.says("waiting for jobs").await;
        }
        let begun = Instant::now();
        let video = site.upload(&source).await;
        site.person.ready(&video, PATIENCE).await;
        let took_s = begun.elapsed().as_secs_f64();
        let commands = if let [runner] = &runners[..] { Some(processor_s(runner)) } else { None };
        // What is made afterwards would be made beside what is measured next.
        site.person.once(&video, PATIENCE, |standing| standing["loopUrl"].is_string()).await;
        let memory = runners.iter().map(highest_megabytes).fold(0.0, f64::max);
        row("a runner's memory at its highest, without ffmpeg", memory, "MB", 60.0);
        if let Some((own_s, commands_s)) = commands {
            // On one core, the commands alone would take the processor time that they took.
            println!(
                "one runner on one core: {took_s:.1} s; itself {own_s:.1} s, its commands {commands_s:.1} s"
            );
            row("overhead over the commands it runs", 100.0 * (took_s / commands_s - 1.0), "%", 5.0);
        }
        times_s.push(took_s);
        for runner in &mut runners {
            runner.signal(Signal::SIGTERM);
            runner.ended(SOON).await;
        }
    }
    println!("4 min of 1080p: one runner {:.1} s, two {:.1} s", times_s[0], times_s[1]);
    at_least("two runners on a core each, beside one", times_s[0] / times_s[1], "×", 1.85);
    site.end().await;
}

/// How much sooner two of the same command end that have a core each than one after the other: no runner scales better.
fn bare_scaling(short: &Path) -> f64 {
    let start = |core: &str| {
        let mut command = Command::new("taskset");
        command.args(["-c", core, "ffmpeg", "-v", "error", "-nostdin", "-stream_loop", "1", "-i"]).arg(short);
        command.args(["-filter_complex", "[0:v]scale=1280:720,split[a][b];[b]scale=854:480[c]"]);
        command.args(["-map", "[a]", "-preset", "veryfast", "-crf", "22", "-f", "null", "-"]);
        command.args(["-map", "[c]", "-preset", "veryfast", "-crf", "21", "-f", "null", "-"]).spawn().unwrap()
    };
    let timed = |cores: &[&str]| {
        let begun = Instant::now();
        let running: Vec<_> = cores.iter().map(|core| start(core)).collect();
        for mut command in running {
            assert!(command.wait().unwrap().success());
        }
        begun.elapsed().as_secs_f64()
    };
    let alone_s = timed(&["0"]);
    2.0 * alone_s / timed(&["0", "1"])
}

fn highest_megabytes(runner: &Served) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", runner.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Seconds of processor time: its own, and of all that it ran.
fn processor_s(runner: &Served) -> (f64, f64) {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", runner.pid())).unwrap();
    // The second field is the name in brackets, which may hold anything; utime is the fourteenth.
    let fields: Vec<f64> =
        stat.rsplit_once(')').unwrap().1.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let of = |index: usize| fields[index] / TICKS_A_SECOND;
    (of(10) + of(11), of(12) + of(13))
}

/// From the kill of a runner until another one encodes its chunk, without helping the clock.
async fn killed(folder: &Path, short: &Path) {
    let source = folder.join("a-minute.mp4");
    make(short, "-t 60", &source);
    let site = Site::start(folder.join("killed"), &SETTINGS).await;
    let (mut doomed, mut survivor) = (site.runner("doomed", "0"), site.runner("survivor", "1"));
    let video = site.upload(&source).await;
    let held = "FROM job JOIN runner ON runner.id = job.runner_id
        WHERE name = 'doomed' AND kind = 'encode_chunk' AND job.state = 'leased'";
    site.until(&format!("SELECT count(*) {held}")).await;
    doomed.signal(Signal::SIGKILL);
    let begun = Instant::now();
    doomed.ended(SOON).await;
    site.until(
        "SELECT count(*) FROM job JOIN runner ON runner.id = job.runner_id
         WHERE name = 'survivor' AND attempts = 2 AND job.state IN ('leased', 'done')",
    )
    .await;
    row("kill -9 of a runner until its chunk is encoded again", begun.elapsed().as_secs_f64(), "s", 75.0);
    site.person.ready(&video, PATIENCE).await;
    let twice = site
        .number("SELECT count(*) FROM (SELECT rendition_id, index FROM chunk GROUP BY 1, 2 HAVING count(*) > 1) x")
        .await;
    row("chunks published twice", twice as f64, "", 0.0);
    survivor.signal(Signal::SIGTERM);
    survivor.ended(SOON).await;
    site.end().await;
}

/// Objects of an hour in three rungs and sound. What is cut where depends on time alone, so small pictures do.
async fn objects_an_hour(folder: &Path) {
    let source = folder.join("an-hour.mp4");
    let clip = "-f lavfi -i testsrc2=s=320x240:r=10:d=3600 -f lavfi -i sine=f=440:r=48000:d=3600";
    ffmpeg(
        &clip.split_whitespace().collect::<Vec<_>>(),
        None,
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 20 -c:a aac -b:a 64k",
        &source,
    );
    let settings = [("KINORA_RATE_LIMITS", "off"), SHORT_LADDER];
    let site = Site::start(folder.join("hour"), &settings).await;
    let video = site.upload(&source).await;
    site.person.ready(&video, PATIENCE).await;
    let objects = site.number("SELECT count(*) FROM chunk").await;
    let renditions = site.number("SELECT count(*) FROM rendition").await;
    let files = renditions * 3600 / 6;
    println!("objects of an hour in {renditions} renditions: {objects}; a file per 6 s: {files}");
    row("objects beside a file per 6 s segment", objects as f64 / files as f64, "×", 0.1);
    site.end().await;
}

//! What a program behind the walls can do, and that it ends when it should.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{
    fs,
    net::UdpSocket,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use kinora_runner::{
    Tools,
    ffmpeg::run::{RunError, Workbench},
    sandbox::{Limits, Sandbox},
    workdir::JobFolder,
};

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(60),
    memory_bytes: 8 << 30,
    file_bytes: 1 << 30,
    open_files: 128,
    is_background: false,
};

/// The walls that this machine has: the usual ones, and those without bubblewrap.
async fn sandboxes(program: &Path) -> Vec<Sandbox> {
    vec![Sandbox::detect(program).await, Sandbox::without_bubblewrap()]
}

fn folder(root: &Path) -> JobFolder {
    let folder = JobFolder::create(root).unwrap();
    fs::write(folder.source(), "the source").unwrap();
    folder
}

/// Runs a line of shell in place of ffmpeg and returns what it printed.
async fn shell(sandbox: Sandbox, folder: &JobFolder, line: &str) -> String {
    let tools = Tools { ffmpeg: PathBuf::from("/usr/bin/sh"), ffprobe: PathBuf::from("/usr/bin/sh") };
    let bench = Workbench::new(tools, sandbox);
    let run = bench.ffmpeg(folder, &["-c".to_owned(), line.to_owned()], LIMITS).await.unwrap();
    let mut printed = String::new();
    let lines = run.lines(Duration::from_secs(20), |line| printed += &format!("{line}\n"), |_| {});
    lines.await.unwrap();
    printed
}

#[tokio::test]
async fn a_job_sees_its_source_and_writes_only_to_its_output_folder() {
    let root = tempfile::tempdir().unwrap();
    let sh = Path::new("/usr/bin/sh");
    for sandbox in sandboxes(sh).await {
        let confined = sandbox.is_confined();
        let name = format!("{:?}", sandbox.layers());
        let folder = folder(root.path());
        let other = self::folder(root.path());
        fs::write(other.path().join("secret"), "stolen").unwrap();
        let secret = other.path().join("secret").display().to_string();
        let printed = shell(
            sandbox,
            &folder,
            &format!(
                "/usr/bin/cat source; echo; echo result > out/a; echo overwritten > source; \
                 /usr/bin/cat {secret}; echo x > {secret}; /usr/bin/cat /etc/passwd; /usr/bin/env"
            ),
        )
        .await;
        assert!(printed.starts_with("the source\n"), "{name}: {printed}");
        assert_eq!(fs::read_to_string(folder.out().join("a")).unwrap(), "result\n", "{name}");
        assert!(!printed.contains("HOME="), "{name}: {printed}");
        if confined {
            assert!(!printed.contains("stolen") && !printed.contains("root:"), "{name}: {printed}");
            assert_eq!(fs::read_to_string(folder.source()).unwrap(), "the source", "{name}");
            assert_eq!(fs::read_to_string(&secret).unwrap(), "stolen", "{name}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_job_sends_nothing_to_anybody() {
    let root = tempfile::tempdir().unwrap();
    let heard = UdpSocket::bind("127.0.0.1:0").unwrap();
    heard.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let port = heard.local_addr().unwrap().port();
    let send = format!("echo stolen > /dev/udp/127.0.0.1/{port}");
    let hears = || heard.recv(&mut [0; 16]).is_ok();
    assert!(Command::new("/usr/bin/bash").args(["-c", &send]).status().unwrap().success());
    assert!(hears(), "without walls it arrives");
    for sandbox in sandboxes(Path::new("/usr/bin/sh")).await.into_iter().filter(Sandbox::is_confined) {
        let name = format!("{:?}", sandbox.layers());
        let folder = folder(root.path());
        let own = std::process::id();
        let line = format!(
            "/usr/bin/bash -c 'echo begun; {send}'; kill -0 {own} && echo signalled; kill -0 $$ && echo itself"
        );
        let printed = shell(sandbox, &folder, &line).await;
        assert!(printed.contains("begun") && printed.contains("itself") && !hears(), "{name}: {printed}");
        assert!(!printed.contains("signalled") || !scopes_signals(), "{name}: {printed}");
    }
}

/// Whether Landlock keeps signals in, as it does from Linux 6.12 on.
#[cfg(target_os = "linux")]
fn scopes_signals() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap(), numbers.next().unwrap()) >= (6, 12)
}

/// Processes whose command line holds `mark`.
fn living(mark: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let is_marked = |path: PathBuf| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").contains(mark)
    };
    processes.filter(|entry| is_marked(entry.path())).count()
}

async fn gone(mark: &str) -> bool {
    let began = Instant::now();
    while living(mark) > 0 {
        if began.elapsed() > Duration::from_secs(5) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

#[tokio::test]
async fn the_deadline_ends_a_program_with_its_children() {
    let root = tempfile::tempdir().unwrap();
    let sh = Path::new("/usr/bin/sh");
    for (sandbox, seconds) in sandboxes(sh).await.into_iter().zip(["4711.1", "4711.2"]) {
        let folder = folder(root.path());
        let tools = Tools { ffmpeg: sh.to_owned(), ffprobe: sh.to_owned() };
        let bench = Workbench::new(tools, sandbox);
        let line = format!("/usr/bin/sleep {seconds} & /usr/bin/sleep {seconds}");
        let run = bench.ffmpeg(&folder, &["-c".to_owned(), line], LIMITS).await.unwrap();
        let outcome = run.lines(Duration::from_millis(700), |_| {}, |_| {}).await;
        assert!(matches!(outcome, Err(RunError::Deadline)));
        assert!(gone(seconds).await, "{seconds} goes on");
    }
}

#[tokio::test]
async fn dropping_the_work_ends_the_program() {
    let root = tempfile::tempdir().unwrap();
    let sh = Path::new("/usr/bin/sh");
    for (sandbox, seconds) in sandboxes(sh).await.into_iter().zip(["4712.1", "4712.2"]) {
        let folder = folder(root.path());
        let tools = Tools { ffmpeg: sh.to_owned(), ffprobe: sh.to_owned() };
        let bench = Workbench::new(tools, sandbox);
        let line = format!("/usr/bin/sleep {seconds} & /usr/bin/sleep {seconds}");
        let run = bench.ffmpeg(&folder, &["-c".to_owned(), line], LIMITS).await.unwrap();
        let work = run.lines(Duration::from_secs(60), |_| {}, |_| {});
        assert!(tokio::time::timeout(Duration::from_millis(500), work).await.is_err());
        assert!(gone(seconds).await, "{seconds} goes on");
    }
}

#[tokio::test]
async fn what_is_dropped_while_it_begins_leaves_nothing_behind() {
    const STEP: Duration = Duration::from_micros(250);
    const MOMENTS: u32 = 80;
    let root = tempfile::tempdir().unwrap();
    let sh = Path::new("/usr/bin/sh");
    for (sandbox, seconds) in sandboxes(sh).await.into_iter().zip(["4713.1", "4713.2"]) {
        let folder = folder(root.path());
        let tools = Tools { ffmpeg: sh.to_owned(), ffprobe: sh.to_owned() };
        let bench = Workbench::new(tools, sandbox);
        let line = format!("/usr/bin/sleep {seconds}");
        for moment in 0..MOMENTS {
            let run = bench.ffmpeg(&folder, &["-c".to_owned(), line.clone()], LIMITS).await.unwrap();
            tokio::time::sleep(moment * STEP).await;
            drop(run);
        }
        assert!(gone(seconds).await, "{} of {MOMENTS} go on", living(seconds));
    }
}

#[tokio::test]
async fn a_file_that_grows_too_large_is_stopped() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path());
    let sh = Path::new("/usr/bin/sh");
    let tools = Tools { ffmpeg: sh.to_owned(), ffprobe: sh.to_owned() };
    let bench = Workbench::new(tools, Sandbox::detect(sh).await);
    let line =
        "/usr/bin/head -c 50000000 /dev/zero > out/large; /usr/bin/head -c 50000000 source > out/large"
            .to_owned();
    let limits = Limits { file_bytes: 1_000_000, ..LIMITS };
    let run = bench.ffmpeg(&folder, &["-c".to_owned(), line], limits).await.unwrap();
    run.lines(Duration::from_secs(20), |_| {}, |_| {}).await.unwrap();
    assert!(fs::metadata(folder.out().join("large")).unwrap().len() <= 1_000_000);
}

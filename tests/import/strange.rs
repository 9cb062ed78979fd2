//! What lies in folders besides files: each is named, and the import goes on.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use kinora_tests::skipped;

use crate::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn links_pipes_and_names_that_are_no_text() {
    let scene = Scene::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("secret.mp4"), "not for import").unwrap();
    let root = scene.root();
    scene.clip("good.mp4", "1");
    scene.clip("deep/good.mp4", "2");
    symlink(elsewhere.path().join("secret.mp4"), root.join("out.mp4")).unwrap();
    symlink(elsewhere.path(), root.join("outside")).unwrap();
    symlink(root, root.join("deep/loop")).unwrap();
    symlink("round.mp4", root.join("round.mp4")).unwrap();
    symlink("/dev/zero", root.join("zero.mp4")).unwrap();
    mkfifo(&root.join("pipe.mp4"), Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket.mp4")).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"caf\xe9.mp4")), "x").unwrap();
    scene.write("red\u{1b}[31m.mp4", "");
    let ended = scene.import("folder").await;
    let complaints = [
        "out.mp4: it is a link that leads out of the folder",
        "outside: it is a link that leads out of the folder",
        "round.mp4: it is a link that leads nowhere",
        "zero.mp4: it is a link that leads out of the folder",
        "pipe.mp4: it is a pipe",
        "socket.mp4: it is a socket",
        "caf\u{FFFD}.mp4: its name is not UTF-8",
        "red\u{FFFD}[31m.mp4: it is empty",
    ];
    ended.complained("Imported 2 new videos, 8 failed.\n", &complaints);
    assert!(!ended.complaints.contains('\u{1b}'), "{ended:?}");
    assert_eq!(scene.videos().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read() {
    let scene = Scene::new().await;
    scene.clip("good.mp4", "1");
    scene.clip("shut.mp4", "2");
    let shut = scene.path("shut.mp4");
    fs::set_permissions(&shut, Permissions::from_mode(0o000)).unwrap();
    if File::open(&shut).is_ok() {
        return skipped("the superuser may read every file");
    }
    scene
        .import("folder")
        .await
        .complained("Imported 1 new video, 1 failed.\n", &["shut.mp4: it may not be read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_while_it_is_read() {
    let scene = Scene::new().await;
    scene.clip("good.mp4", "1");
    let growing = scene.path("growing.mp4");
    fs::write(&growing, vec![7; 24 << 20]).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (done, mut file) = (Arc::clone(&done), OpenOptions::new().append(true).open(&growing).unwrap());
        move || {
            while !done.load(Ordering::Relaxed) {
                file.write_all(b"more").unwrap();
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    });
    let ended = scene.import("folder").await;
    done.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    ended.complained("Imported 1 new video, 1 failed.\n", &["growing.mp4: it changed while it was read"]);
    scene.import("folder").await.went_well("Imported 1 new video, 1 already here.\n");
    assert_eq!(scene.app.number("SELECT count(*) FROM video WHERE source_size_bytes >= 25165824").await, 1);
}

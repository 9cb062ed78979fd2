//! Any folder of videos.

use std::fs;

use serde_json::json;

use crate::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn every_video_below_is_imported_once() {
    let scene = Scene::new().await;
    scene.clip("Summer_at the.sea.mp4", "1");
    scene.clip("deep/er/Film.MKV", "2");
    scene.clip("deep/copy.mp4", "3");
    scene.clip("copy.mp4", "3");
    scene.write("notes.txt", "x");
    scene.write(".hidden.mp4", "x");
    scene.write("empty.mov", "");
    let ended = scene.import_with("folder", &["--visibility", "private"]).await;
    ended.complained("Imported 4 new videos, 1 failed.\n1 file is no video", &["empty.mov: it is empty"]);
    let video = scene.video(&scene.id_of("Summer at the.sea").await).await;
    assert_eq!((&video["origin"], &video["state"]), (&json!(null), &json!("PROCESSING")));
    assert_eq!(scene.app.number("SELECT count(*) FROM video WHERE visibility = 'private'").await, 4);
    assert_eq!(scene.app.number("SELECT count(*) FROM job WHERE state = 'queued'").await, 4);

    fs::rename(scene.root().join("deep/er/Film.MKV"), scene.root().join("Film.mkv")).unwrap();
    fs::remove_file(scene.root().join("empty.mov")).unwrap();
    let summary = "Imported 0 new videos, 3 already here, 1 here already under another file name.\n";
    scene.import("folder").await.went_well(summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_here_stays_deleted_until_it_is_asked_for() {
    let scene = Scene::new().await;
    scene.clip("a.mp4", "1");
    scene.clip("b.mp4", "2");
    scene.import("folder").await.went_well("Imported 2 new videos.\n");
    let id = scene.id_of("a").await;
    scene.ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": id })).await.data();
    scene.import("folder").await.went_well("Imported 0 new videos, 1 already here, 1 deleted here before");
    let ended = scene.import_with("folder", &["--deleted"]).await;
    ended.went_well("Imported 1 new video, 1 already here.\n");
    assert_eq!(scene.videos().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_may_import_the_same_folder() {
    let scene = Scene::new().await;
    scene.app.person("bob").await;
    scene.clip("a.mp4", "1");
    scene.import("folder").await.went_well("Imported 1 new video.\n");
    let mut for_bob = kinora_tests::served::command(&["import", "folder"]);
    for_bob
        .arg(scene.root())
        .args(["--as", "BOB"])
        .env("KINORA_DATA_DIR", &scene.app.data_dir)
        .env("DATABASE_URL", scene.app.database_url.as_str());
    let done = tokio::task::spawn_blocking(move || for_bob.output().unwrap()).await.unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "Imported 1 new video.\n");
    assert_eq!(scene.app.number("SELECT count(DISTINCT source_key) FROM video").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_uploads_hold_for_imports() {
    let app = kinora_tests::app::TestApp::start().await;
    let scene = Scene::of(app).await;
    scene.clip("a.mp4", "1");
    let size = scene.path("a.mp4").metadata().unwrap().len();
    let mut small = scene.command("folder", &[]);
    small.env("KINORA_MAX_UPLOAD_BYTES", (size - 1).to_string());
    let mut poor = scene.command("folder", &[]);
    poor.env("KINORA_QUOTA_BYTES", (size - 1).to_string());
    for (mut command, words) in [(small, "larger than"), (poor, "does not fit")] {
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let complaints = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(1) && complaints.contains(words), "{complaints}");
    }
    assert_eq!(scene.videos().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told_from_failure() {
    let scene = Scene::new().await;
    let code = |arguments: &[&str]| {
        let mut command = kinora_tests::served::command(arguments);
        command
            .env("KINORA_DATA_DIR", &scene.app.data_dir)
            .env("DATABASE_URL", scene.app.database_url.as_str());
        tokio::task::spawn_blocking(move || command.output().unwrap().status.code())
    };
    let folder = scene.root().to_str().unwrap();
    assert_eq!(code(&["import", "folder", folder]).await.unwrap(), Some(2));
    assert_eq!(code(&["import", "folder", "/no/such/folder", "--as", "ann"]).await.unwrap(), Some(2));
    assert_eq!(code(&["import", "carrier-pigeon", folder, "--as", "ann"]).await.unwrap(), Some(2));
    assert_eq!(code(&["import", "folder", folder, "--as", "nobody"]).await.unwrap(), Some(1));
    assert_eq!(code(&["import", "folder", folder, "--as", "ann"]).await.unwrap(), Some(0));
}

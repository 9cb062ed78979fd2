//! Videos that are made in chunks: what viewers see while they grow, and what becomes of them when work fails.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{FakeRunner, chunk_bytes, plan, planned_chunk, result};
use kinora_tests::person::Person;
use serde_json::{Value, json};

/// A video with a plan, still held by the job that planned it.
async fn planned(ann: &Person, runner: &FakeRunner) -> (String, Value) {
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    assert_eq!((&job["videoId"], &job["kind"]), (&json!(video), &json!("PROCESS_VIDEO")));
    let lease = job["lease"]["id"].clone();
    runner.plan(&lease, plan()).await.data();
    (video, lease)
}

fn draft(mut chunk: Value) -> Value {
    chunk["isDraft"] = json!(true);
    chunk
}

fn last(mut chunk: Value) -> Value {
    chunk["isLast"] = json!(true);
    chunk
}

async fn playlist(app: &TestApp, video: &str, name: &str) -> String {
    app.guest.get_text(&format!("/v/{video}/{name}.m3u8")).await
}

fn segments(playlist: &str) -> usize {
    playlist.matches("#EXTINF").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_can_be_watched_from_its_first_chunk_and_is_ready_with_its_last() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (video, planning) = planned(&ann, &runner).await;
    runner.send_chunk(&planning, draft(planned_chunk("360p", 0))).await.data();
    let seen = ann.video(&video).await;
    assert_eq!(
        (&seen["playable"], &seen["state"]),
        (&json!(false), &json!("PROCESSING")),
        "without its sound"
    );
    assert_eq!(app.guest.get(&format!("/v/{video}/master.m3u8")).await.status(), 404);
    runner.send_chunk(&planning, draft(planned_chunk("audio", 0))).await.data();
    let seen = ann.video(&video).await;
    assert_eq!((&seen["playable"], &seen["state"]), (&json!(true), &json!("PROCESSING")));
    assert_eq!(seen["durationMs"], 8000);
    runner.complete_part(&planning).await.data();

    let master = playlist(&app, &video, "master").await;
    assert!(master.contains("avc1.64001e,mp4a.40.2") && master.contains("360p.m3u8"), "{master}");
    let growing = playlist(&app, &video, "360p").await;
    assert!(growing.contains("TYPE:EVENT") && !growing.contains("ENDLIST"), "{growing}");
    assert_eq!(segments(&growing), 2);

    // The second chunk comes before the good version of the first: nothing can be joined to a draft.
    let (sound, first, second) = (
        runner.lease_part().await.unwrap(),
        runner.lease_part().await.unwrap(),
        runner.lease_part().await.unwrap(),
    );
    let kinds = [&sound["kind"], &first["kind"], &first["chunk"], &second["chunk"]];
    assert_eq!(kinds, [&json!("ENCODE_AUDIO"), &json!("ENCODE_CHUNK"), &json!(0), &json!(1)]);
    assert_eq!(sound["plan"], "for runners only");
    assert_eq!(ann.video(&video).await["progress"]["parts"], json!([0.0, 0.0]));
    runner.renew(&second["lease"]["id"]).await.data();
    assert_eq!(ann.video(&video).await["progress"]["parts"], json!([0.0, 0.42]));
    runner.send_chunk(&second["lease"]["id"], planned_chunk("360p", 1)).await.data();
    runner.complete_part(&second["lease"]["id"]).await.data();
    assert_eq!(segments(&playlist(&app, &video, "360p").await), 2);
    runner.send_chunk(&first["lease"]["id"], planned_chunk("360p", 0)).await.data();
    runner.complete_part(&first["lease"]["id"]).await.data();
    let whole = playlist(&app, &video, "360p").await;
    assert_eq!(segments(&whole), 4);
    assert!(whole.contains("TYPE:VOD") && whole.contains("ENDLIST"), "{whole}");
    assert!(!whole.contains(planning.as_str().unwrap()), "nothing of the draft is left: {whole}");
    let sound_so_far = playlist(&app, &video, "audio").await;
    assert!(!sound_so_far.contains("ENDLIST"));
    assert_eq!(ann.video(&video).await["state"], "PROCESSING");

    let parts = ann.video(&video).await["progress"]["parts"].take();
    assert_eq!(parts, json!([1.0, 1.0]), "both parts of the pictures are done");
    let lease = &sound["lease"]["id"];
    runner.send_chunk(lease, planned_chunk("audio", 0)).await.data();
    runner.send_chunk(lease, last(planned_chunk("audio", 1))).await.data();
    runner.complete_part(lease).await.data();
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert!(playlist(&app, &video, "audio").await.contains("ENDLIST"));
    assert_eq!(runner.lease_part().await, None);
    // The drafts are nobody's any more.
    let found = app.compare_storage().await;
    assert_eq!((found.orphans.len(), found.damaged.len(), found.lost.len()), (2, 0, 0), "{found:?}");
    app.mend_storage(&found).await;
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_is_published_once_whoever_makes_it_again() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (video, planning) = planned(&ann, &runner).await;
    runner.complete_part(&planning).await.data();
    let sound = runner.lease_part().await.unwrap();
    assert_eq!(sound["kind"], "ENCODE_AUDIO");
    let first = runner.lease_part().await.unwrap();
    let dead = first["lease"]["id"].clone();
    runner.send_chunk(&dead, planned_chunk("360p", 0)).await.data();
    app.sql("UPDATE job SET lease_expires_at = now() - interval '1 s' WHERE kind = 'encode_chunk' AND state = 'leased'")
        .await;
    let again = loop {
        match runner.lease_part().await {
            Some(job) if job["chunk"] == 0 => break job,
            _ => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
        }
    };
    assert_eq!((&again["id"], &again["attempt"]), (&first["id"], &json!(2)));
    assert_eq!(runner.publish_chunk(&dead, planned_chunk("360p", 0)).await.code(), "LEASE_LOST");
    runner.send_chunk(&again["lease"]["id"], planned_chunk("360p", 0)).await.data();
    runner.send_chunk(&again["lease"]["id"], draft(planned_chunk("360p", 0))).await.data();
    assert_eq!(app.number("SELECT count(*) FROM chunk WHERE NOT is_draft").await, 1);
    runner.send_chunk(&sound["lease"]["id"], planned_chunk("audio", 0)).await.data();
    let text = playlist(&app, &video, "360p").await;
    assert!(text.contains(dead.as_str().unwrap()), "what was published stays: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_of_which_a_chunk_fails_is_made_in_one_piece() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    for ends_well in [true, false] {
        let (video, planning) = planned(&ann, &runner).await;
        runner.send_chunk(&planning, planned_chunk("360p", 0)).await.data();
        runner.send_chunk(&planning, planned_chunk("audio", 0)).await.data();
        runner.complete_part(&planning).await.data();
        let part = runner.lease_part().await.unwrap();
        let other = runner.lease_part().await.unwrap();
        runner.fail(&part["lease"]["id"], "MEDIA_CORRUPT", "It is damaged.", false).await.data();
        assert_eq!(runner.complete_part(&other["lease"]["id"]).await.code(), "LEASE_LOST");
        assert_eq!(runner.lease_part().await, None);
        let seen = ann.video(&video).await;
        assert_eq!((&seen["state"], &seen["playable"]), (&json!("PROCESSING"), &json!(true)));
        assert_eq!(runner.lease().await, None, "it is none to begin with");
        let job = runner.lease_whole().await.unwrap();
        let whole = app.number("SELECT count(*) FROM job WHERE in_one_piece AND state = 'leased'").await;
        assert_eq!((&job["videoId"], whole), (&json!(video), 1));
        assert!(job["attempt"].as_i64().unwrap() >= 1);
        if ends_well {
            runner.finish(&job).await;
            assert_eq!(ann.video(&video).await["state"], "READY");
            assert!(playlist(&app, &video, "360p").await.contains("ENDLIST"));
        } else {
            runner.fail(&job["lease"]["id"], "MEDIA_CORRUPT", "It is damaged.", false).await.data();
            let seen = ann.video(&video).await;
            assert_eq!((&seen["state"], &seen["playable"]), (&json!("FAILED"), &json!(false)));
            assert_eq!(app.guest.get(&format!("/v/{video}/master.m3u8")).await.status(), 404);
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM video WHERE feed_rank IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_persons_many_files_do_not_starve_anothers_one() {
    let app = TestApp::start().await;
    let (ann, bob, runner) = (app.person("ann").await, app.person("bob").await, app.fake_runner("one").await);
    for _ in 0..5 {
        ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    }
    let of_bob = bob.upload("b.mp4", "video/mp4", b"any bytes").await;
    runner.lease().await.unwrap();
    let second = runner.lease().await.unwrap();
    assert_eq!(second["videoId"], json!(of_bob), "it waited for more than the first of the other");
    // What was only planned waits for those that nobody has looked at.
    runner.plan(&second["lease"]["id"], plan()).await.data();
    assert_eq!(runner.lease().await.unwrap()["kind"], "PROCESS_VIDEO");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_behind_the_first_lasts_as_long_as_it_says() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (_, planning) = planned(&ann, &runner).await;
    runner.send_chunk(&planning, planned_chunk("360p", 0)).await.data();
    runner.send_chunk(&planning, planned_chunk("audio", 0)).await.data();
    runner.complete_part(&planning).await.data();
    let part = loop {
        let part = runner.lease_part().await.expect("a job that makes the second chunk");
        if part["chunk"] == json!(1) {
            break part;
        }
    };
    let lease = &part["lease"]["id"];
    let mut lie = planned_chunk("360p", 1);
    lie["segments"][0]["durationMs"] = json!(9_000.0);
    let sent = runner.send_chunk(lease, lie).await;
    assert_eq!(sent.code(), "RESULT_REJECTED", "{}", sent.body);
    assert!(sent.error()["message"].as_str().unwrap().contains("another time"), "{}", sent.body);
    runner.send_chunk(lease, planned_chunk("360p", 1)).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_that_make_no_sense_are_refused() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let lease = runner.lease().await.unwrap()["lease"]["id"].take();
    let bad: [fn(&mut Value); 7] = [
        |plan| plan["durationMs"] = json!(-1),
        |plan| plan["renditions"][0]["name"] = json!("../../x"),
        |plan| plan["renditions"][1]["name"] = json!("360p"),
        |plan| plan["jobs"][0]["kind"] = json!("PROCESS_VIDEO"),
        |plan| plan["jobs"][1]["chunk"] = json!(-1),
        |plan| plan["jobs"][1]["chunk"] = json!(i32::MAX),
        |plan| plan["details"] = json!("x".repeat(600_000)),
    ];
    for (case, spoil) in bad.iter().enumerate() {
        let mut plan = plan();
        spoil(&mut plan);
        assert!(runner.plan(&lease, plan).await.failed(), "case {case}");
    }
    assert_eq!(app.number("SELECT count(*) FROM rendition").await, 0);
    runner.plan(&lease, plan()).await.data();
    runner.plan(&lease, plan()).await.data();
    assert_eq!(app.number("SELECT count(*) FROM job").await, 4, "twice is once");
    assert!(runner.send_chunk(&lease, planned_chunk("480p", 0)).await.failed(), "not in the plan");
    assert!(runner.complete(&lease, result()).await.failed(), "it is made in chunks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_publishes_what_it_makes_and_nothing_else() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let planning = runner.lease().await.unwrap()["lease"]["id"].take();
    let mut plan = plan();
    plan["jobs"].as_array_mut().unwrap().push(json!({ "kind": "MAKE_POSTER", "weightMs": 500 }));
    runner.plan(&planning, plan).await.data();
    runner.complete_part(&planning).await.data();
    let mut leases = std::collections::HashMap::new();
    while let Some(job) = runner.lease_part().await {
        let name = format!("{} {}", job["kind"].as_str().unwrap(), job["chunk"]);
        leases.insert(name, job["lease"]["id"].clone());
    }
    let made = [
        ("ENCODE_AUDIO null", [("audio", 0), ("audio", 1)].as_slice()),
        ("ENCODE_CHUNK 0", &[("360p", 0)]),
        ("ENCODE_CHUNK 1", &[("360p", 1)]),
        ("MAKE_POSTER null", &[]),
    ];
    for (job, own) in made {
        for chunk in [("360p", 0), ("360p", 1), ("audio", 0), ("audio", 1)] {
            let output = json!([{ "kind": "CHUNK", "rendition": chunk.0, "chunk": chunk.1, "size": 9_600 }]);
            let signed = runner.sign_outputs(&leases[job], output).await;
            assert_eq!(signed.failed(), !own.contains(&chunk), "{job} {chunk:?}: {}", signed.body);
            let published = runner.publish_chunk(&leases[job], planned_chunk(chunk.0, chunk.1)).await;
            assert_eq!(published.code(), "RESULT_REJECTED", "nothing is stored, or it is not its own");
        }
        let poster = json!([{ "kind": "POSTER", "size": 10 }]);
        assert_eq!(runner.sign_outputs(&leases[job], poster).await.failed(), !job.starts_with("MAKE_POSTER"));
    }
}

const SIZES: [&str; 4] = ["1080p", "720p", "480p", "360p"];

/// Plans the next video, so that all of it has to be encoded.
async fn plan_sizes(runner: &FakeRunner, chunks: u64) {
    let planning = runner.lease().await.unwrap()["lease"]["id"].take();
    let mut plan = plan();
    let rendition = |name: &str| {
        let height: u32 = name.trim_end_matches('p').parse().unwrap();
        json!({
            "name": name, "kind": "VIDEO", "width": height * 2, "height": height, "frameRate": 30.0,
            "chunkCount": chunks,
        })
    };
    plan["renditions"] = SIZES.map(rendition).into();
    let job = |chunk| json!({ "kind": "ENCODE_CHUNK", "chunk": chunk, "weightMs": 4000 });
    plan["jobs"] = (0..chunks).map(job).collect();
    runner.plan(&planning, plan).await.data();
    runner.complete_part(&planning).await.data();
}

/// Makes a chunk in all sizes, which are as large as each other.
async fn make_sizes(runner: &FakeRunner, part: &Value) {
    let index = part["chunk"].as_u64().unwrap();
    for name in SIZES {
        runner.send_chunk(&part["lease"]["id"], planned_chunk(name, index)).await.data();
    }
    runner.complete_part(&part["lease"]["id"]).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_saves_nothing_is_not_made() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    plan_sizes(&runner, 4).await;
    let mut last = runner.lease_part().await.unwrap();
    // As large as each other, which pictures are that hardly change. A film may only begin with such.
    for index in 0..3 {
        assert_eq!(last["renditions"].as_array().unwrap().len(), 4, "nobody knows after {index} chunks");
        let part = std::mem::replace(&mut last, runner.lease_part().await.unwrap());
        assert_eq!(part["chunk"], index);
        make_sizes(&runner, &part).await;
    }
    // Whoever had begun before goes on undisturbed; whoever begins now is told.
    runner.send_chunk(&last["lease"]["id"], planned_chunk("720p", 3)).await.data();
    runner.fail(&last["lease"]["id"], "RUNNER_STOPPED", "Not now.", true).await.data();
    let last = runner.lease_part().await.unwrap();
    let mut wanted: Vec<&str> =
        last["renditions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    wanted.sort_unstable();
    assert_eq!(wanted, ["1080p", "360p"]);
    for name in ["1080p", "360p"] {
        runner.send_chunk(&last["lease"]["id"], planned_chunk(name, 3)).await.data();
    }
    runner.complete_part(&last["lease"]["id"]).await.data();
    let seen = ann.video(&video).await;
    assert_eq!(seen["state"], "READY");
    let names: Vec<&Value> =
        seen["renditions"].as_array().unwrap().iter().map(|rendition| &rendition["name"]).collect();
    assert_eq!(names, ["1080p", "360p"]);
    assert_eq!(app.guest.get(&format!("/v/{video}/720p.m3u8")).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_is_not_taken_from_who_watches_for_what_comes_late() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    plan_sizes(&runner, 11).await;
    let mut parts = Vec::new();
    while let Some(part) = runner.lease_part().await {
        assert_eq!(part["chunk"], parts.len());
        parts.push(part);
    }
    let left = async || app.number("SELECT count(*) FROM rendition").await;
    for late in [8, 9, 10] {
        make_sizes(&runner, &parts[late]).await;
    }
    assert_eq!(left().await, 4, "none of them is one of the first eight");
    for early in [0, 7] {
        make_sizes(&runner, &parts[early]).await;
    }
    assert_eq!(left().await, 4, "two tell too little");
    make_sizes(&runner, &parts[3]).await;
    assert_eq!(left().await, 2);
    assert_eq!(ann.video(&video).await["state"], "PROCESSING");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_growing_video_leaves_nothing() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (video, planning) = planned(&ann, &runner).await;
    runner.send_chunk(&planning, planned_chunk("360p", 0)).await.data();
    runner.send_chunk(&planning, planned_chunk("audio", 0)).await.data();
    runner.complete_part(&planning).await.data();
    let part = runner.lease_part().await.unwrap();
    let output = json!([{ "kind": "CHUNK", "rendition": "audio", "chunk": 1, "size": 9_600 }]);
    let signed = runner.sign_outputs(&part["lease"]["id"], output).await.data();
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    assert_eq!(runner.renew(&part["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(runner.lease_part().await, None);
    // A runner that was just sending does not know yet.
    let late = &signed["signJobOutputs"][0];
    assert!(
        kinora_tests::person::put(&runner.client, late, chunk_bytes("audio")).await.status().is_success()
    );
    for _ in 0..50 {
        let found = app.compare_storage().await;
        app.mend_storage(&found).await;
        if found.is_clean() && found.objects == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("objects are left: {:?}", app.compare_storage().await);
}

//! What administrators tell runners, and what a runner that was told so can still do.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn runners_are_no_business_of_anybody_but_administrators() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.administrator("admin").await, app.person("ann").await);
    let moderator = app.person("moderator").await;
    app.promote("moderator", kinora_tests::app::Role::Moderator).await;
    let runner = app.fake_runner("one").await;
    let id = only(&admin).await["id"].clone();
    for (who, client) in [
        ("a member", &ann.client),
        ("a moderator", &moderator.client),
        ("a guest", &app.guest),
        ("a runner", &runner.client),
    ] {
        for ask in [
            RUNNERS.to_owned(),
            "{ runnerRegistrations { id } }".to_owned(),
            "mutation { createRunnerRegistration(input: { name: \"x\" }) { token } }".to_owned(),
            format!("mutation {{ setRunnerState(id: {id}, state: DISABLED) {{ id }} }}"),
            format!("mutation {{ revokeRunner(id: {id}) {{ id }} }}"),
        ] {
            assert_eq!(client.query(&ask).await.code(), "NOT_FOUND", "{who}: {ask}");
        }
    }
    // A script of an administrator's may drain a machine; it may not make or take away credentials.
    let program = app.guest.bearing(&admin.api_token("ALL").await);
    program.query(&format!("mutation {{ setRunnerState(id: {id}, state: DRAINING) {{ id }} }}")).await.data();
    for refused in [
        "createRunnerRegistration(input: { name: \"x\" }) { token }".to_owned(),
        format!("revokeRunner(id: {id}) {{ id }}"),
    ] {
        assert_eq!(
            program.query(&format!("mutation {{ {refused} }}")).await.code(),
            "FORBIDDEN",
            "{refused}"
        );
    }
    // And nothing of a person's is a runner's.
    for mutation in [
        "createUpload(input: { fileName: \"a.mp4\", size: 9 }) { id }",
        "createApiToken(input: { name: \"x\", scope: ALL }) { token }",
        "deleteVideo(id: \"11111111112\")",
        "rateVideo(videoId: \"11111111112\", stars: 1) { id }",
    ] {
        assert_eq!(
            runner.client.query(&format!("mutation {{ {mutation} }}")).await.code(),
            "FORBIDDEN",
            "{mutation}"
        );
    }
    let report =
        "mutation { reportRunner(capabilities: { version: \"1\", ffmpegVersion: \"5\", platform: \"x\",
        encoders: [], jobs: 1, cores: 1, containment: [] }) { id } }";
    assert_eq!(ann.client.query(report).await.code(), "FORBIDDEN");
    assert_eq!(app.guest.query(report).await.code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_runner_finishes_what_it_has_and_gets_no_more() {
    let app = TestApp::start().await;
    let (admin, ann, runner) =
        (app.administrator("admin").await, app.person("ann").await, app.fake_runner("one").await);
    let id = only(&admin).await["id"].clone();
    let first = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let mut listening = Socket::open(&runner.client).await.unwrap();
    listening.subscribe("subscription { jobAvailable(kinds: [PROCESS_VIDEO]) { waiting } }", json!({})).await;
    assert_eq!(listening.value().await["jobAvailable"]["waiting"], 1);

    assert_eq!(set(&admin, &id, "DRAINING").await.data()["setRunnerState"]["state"], "DRAINING");
    assert_eq!(runner.lease().await, None);
    let mut late = Socket::open(&runner.client).await.unwrap();
    late.subscribe("subscription { jobAvailable(kinds: [PROCESS_VIDEO]) { waiting } }", json!({})).await;
    assert_eq!(late.value().await["jobAvailable"]["waiting"], 0, "nothing that it could lease");
    runner.renew(&job["lease"]["id"]).await.data();
    runner.finish(&job).await;
    assert_eq!(ann.video(&first).await["state"], "READY");
    assert_eq!(runner.lease().await, None);

    set(&admin, &id, "ACTIVE").await.data();
    // Its socket hears of the work at once, and not only at the next look.
    let told = tokio::time::timeout(Duration::from_secs(3), late.value()).await.expect("it is told");
    assert_eq!(told["jobAvailable"]["waiting"], 1);
    assert!(runner.lease().await.is_some());
}

/// Every write that a lease allows.
async fn assert_writes_answer(runner: &FakeRunner, lease: &Value, code: &str) {
    let outputs = json!([{ "kind": "CHUNK", "rendition": "360p", "chunk": 0, "size": 10 }]);
    let replies = [
        runner.renew(lease).await,
        runner.sign_outputs(lease, outputs).await,
        runner.publish_chunk(lease, chunk_of("360p")).await,
        runner.complete(lease, result()).await,
        runner.fail(lease, "MEDIA_NO_VIDEO", "No.", false).await,
    ];
    for reply in replies {
        assert_eq!(reply.code(), code, "{}", reply.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_disabled_in_mid_job_loses_it_at_once() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.administrator("admin").await, app.person("ann").await);
    let (one, other) = (app.fake_runner("one").await, app.fake_runner("other").await);
    let id = runners(&admin).await[0]["id"].clone();
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = one.lease().await.unwrap();
    one.send_outputs(&job["lease"]["id"]).await;
    set(&admin, &id, "DISABLED").await.data();
    assert_writes_answer(&one, &job["lease"]["id"], "LEASE_LOST").await;
    assert_eq!(one.lease().await, None);
    let again = other.lease().await.expect("it is back in the queue, without a wait");
    assert_eq!(again["id"], job["id"]);
    other.finish(&again).await;
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert_eq!(app.number("SELECT crashes::bigint FROM job").await, 0, "it was no fault of the job");
    // It is disabled, not gone.
    set(&admin, &id, "ACTIVE").await.data();
    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    assert!(one.lease().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_revoked_in_mid_job_is_nobody() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.administrator("admin").await, app.person("ann").await);
    let token = registration_token(&admin, "attic").await;
    let secret = credential("one");
    register(&app.guest, &token, &secret).await.data();
    let runner = FakeRunner::new(&app.guest, &secret);
    let id = only(&admin).await["id"].clone();
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    let mut socket = Socket::open(&runner.client).await.unwrap();
    for _ in 0..2 {
        assert_eq!(
            revoke(&admin, &id).await.data()["revokeRunner"]["state"],
            "REVOKED",
            "repeating is no error"
        );
    }
    assert_writes_answer(&runner, &job["lease"]["id"], "UNAUTHENTICATED").await;
    let refused = runner.try_lease().await;
    assert!(refused.error()["message"].as_str().unwrap().contains("revoked"), "{}", refused.body);
    assert_ne!(socket.ended_within(Duration::from_secs(6)).await, Ended::StillOpen);
    // For good: not by telling it to work, nor by its token.
    assert_eq!(set(&admin, &id, "ACTIVE").await.code(), "CONFLICT");
    assert_eq!(register(&app.guest, &token, &secret).await.code(), "UNAUTHENTICATED");
    assert_eq!(register(&app.guest, &token, &credential("two")).await.code(), "CONFLICT");
    assert_eq!(set(&admin, &id, "REVOKED").await.code(), "BAD_USER_INPUT");
    let other = app.fake_runner("other").await;
    assert_eq!(other.lease().await.expect("it is back in the queue")["id"], job["id"]);
    assert_eq!(only_revoked(&admin).await, ["attic"]);
    app.sql(
        "UPDATE runner SET created_at = created_at - interval '8 days',
        last_seen_at = last_seen_at - interval '8 days' WHERE state = 'revoked'",
    )
    .await;
    assert_eq!(only_revoked(&admin).await, [""; 0], "after a week it is forgotten");
}

async fn only_revoked(admin: &Person) -> Vec<String> {
    let all = runners(admin).await;
    let revoked = all.iter().filter(|runner| runner["state"] == "REVOKED");
    revoked.map(|runner| runner["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lease_slips_through_while_a_runner_is_disabled() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.administrator("admin").await, app.person("ann").await);
    let runner = app.fake_runner("one").await;
    let id = only(&admin).await["id"].clone();
    for _ in 0..6 {
        ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    }
    for _ in 0..8 {
        let asking = futures::future::join_all((0..6).map(|_| runner.try_lease()));
        let (_, told) = futures::future::join(asking, set(&admin, &id, "DISABLED")).await;
        told.data();
        let held = "SELECT count(*) FROM job WHERE state = 'leased'";
        assert_eq!(app.number(held).await, 0, "a disabled runner holds a lease");
        set(&admin, &id, "ACTIVE").await.data();
    }
}

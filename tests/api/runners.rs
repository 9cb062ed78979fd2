//! How machines become runners, what administrators tell them, and what a runner that was told so can still do.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{FakeRunner, chunk_of, result};
use kinora_tests::graphql::{Client, Reply};
use kinora_tests::person::Person;
use kinora_tests::socket::{Ended, Socket};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const RUNNERS: &str =
    "{ runners { nodes { id name state online createdAt lastSeenAt doneLately failedLately lostLately
    speed currentJobs { kind chunk percent videoId videoTitle startedAt }
    capabilities { version ffmpegVersion platform encoders jobs cores containment } } } }";

async fn runners(admin: &Person) -> Vec<Value> {
    admin.client.query(RUNNERS).await.data()["runners"]["nodes"].take().as_array().unwrap().clone()
}

async fn only(admin: &Person) -> Value {
    let mut all = runners(admin).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn set(admin: &Person, id: &Value, state: &str) -> Reply {
    const SET: &str =
        "mutation ($id: ID!, $state: RunnerState!) { setRunnerState(id: $id, state: $state) { id state } }";
    admin.run(SET, json!({ "id": id, "state": state })).await
}

async fn revoke(admin: &Person, id: &Value) -> Reply {
    admin.run("mutation ($id: ID!) { revokeRunner(id: $id) { state } }", json!({ "id": id })).await
}

async fn registration_token(admin: &Person, name: &str) -> String {
    let made = admin.create_registration(name).await.data()["createRunnerRegistration"].take();
    made["token"].as_str().unwrap().to_owned()
}

/// A machine's credential, of which the server only ever sees the hash.
fn credential(which: &str) -> String {
    format!("kn_{}", hex::encode(Sha256::digest(which)))
}

async fn register(guest: &Client, token: &str, credential: &str) -> Reply {
    register_as(guest, token, credential, Value::Null).await
}

async fn register_as(guest: &Client, token: &str, credential: &str, name: Value) -> Reply {
    const REGISTER: &str =
        "mutation ($input: RegisterRunnerInput!) { registerRunner(input: $input) { id name } }";
    let hash = hex::encode(Sha256::digest(credential));
    guest.run(REGISTER, json!({ "input": { "token": token, "credentialHash": hash, "name": name } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_becomes_a_runner_once_and_its_secrets_are_kept_as_hashes() {
    let app = TestApp::start().await;
    let admin = app.administrator("admin").await;
    let made = admin.create_registration("  attic ").await.data()["createRunnerRegistration"].take();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("knr_") && token.len() > 60, "{token}");
    assert_eq!(made["registration"]["name"], "attic");
    let open = admin.client.query("{ runnerRegistrations { id name createdAt expiresAt } }").await.data();
    assert_eq!(open["runnerRegistrations"], json!([made["registration"]]));
    let hours = app
        .number("SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::bigint FROM runner_registration")
        .await;
    assert_eq!(hours, 24);
    // It opens nothing by itself.
    assert_eq!(app.guest.bearing(token).query("{ site { signUp } }").await.code(), "UNAUTHENTICATED");

    let secret = credential("one");
    let runner = register(&app.guest, token, &secret).await.data()["registerRunner"].take();
    assert_eq!(runner["name"], "attic");
    let rows = app
        .text(
            "SELECT concat((SELECT string_agg(row_to_json(api_token)::text, '') FROM api_token),
            (SELECT string_agg(row_to_json(runner_registration)::text, '') FROM runner_registration))",
        )
        .await;
    for hidden in [token, &secret] {
        assert!(!rows.contains(hidden) && !rows.contains(&hidden[4..]), "{rows}");
    }
    let fake = FakeRunner::new(&app.guest, &secret);
    assert_eq!(fake.lease().await, None);
    assert_eq!(only(&admin).await["id"], runner["id"]);
    let open = admin.client.query("{ runnerRegistrations { id } }").await.data();
    assert_eq!(open["runnerRegistrations"], json!([]));

    // The answer may be lost: the same again is the same runner, even after the token's end.
    app.sql("UPDATE runner_registration SET expires_at = now() - interval '1 hour'").await;
    assert_eq!(register(&app.guest, token, &secret).await.data()["registerRunner"]["id"], runner["id"]);
    // Another machine comes too late.
    let late = register(&app.guest, token, &credential("other")).await;
    assert_eq!(late.code(), "CONFLICT");
    assert!(late.error()["message"].as_str().unwrap().contains("used already"), "{}", late.body);
    assert_eq!(runners(&admin).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_machines_that_race_with_one_token_one_wins() {
    let app = TestApp::start().await;
    let admin = app.administrator("admin").await;
    for round in 0..5 {
        let token = registration_token(&admin, "attic").await;
        let tries = (0..8).map(|machine| {
            let (guest, token) = (app.guest.clone(), token.clone());
            async move { register(&guest, &token, &credential(&format!("{round} {machine}"))).await }
        });
        let replies = futures::future::join_all(tries).await;
        let won = replies.iter().filter(|reply| !reply.failed()).count();
        assert_eq!(won, 1);
        assert!(replies.iter().filter(|reply| reply.failed()).all(|reply| reply.code() == "CONFLICT"));
    }
    assert_eq!(runners(&admin).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_registration_sent_at_once_makes_one_runner() {
    let app = TestApp::start().await;
    let admin = app.administrator("admin").await;
    let token = registration_token(&admin, "attic").await;
    let secret = credential("one");
    let replies = futures::future::join_all((0..8).map(|_| register(&app.guest, &token, &secret))).await;
    let mut ids: Vec<Value> =
        replies.into_iter().map(|reply| reply.data()["registerRunner"]["id"].take()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(runners(&admin).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_unknown_expired_or_withdrawn_register_nobody() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.administrator("admin").await, app.person("ann").await);
    let secret = credential("one");
    let (of_person, of_runner) = (ann.api_token("ALL").await, app.runner_token("old").await);
    let unknown = format!("knr_{}", "0".repeat(64));
    for token in ["", "knr_", &unknown, &of_person, &of_runner, &ann.token, "\u{0}", &"x".repeat(5_000)] {
        let code = register(&app.guest, token, &secret).await.code().to_owned();
        assert_eq!(code, "UNAUTHENTICATED", "{token}");
    }
    let token = registration_token(&admin, "attic").await;
    app.sql("UPDATE runner_registration SET expires_at = now() - interval '1 second'").await;
    let expired = register(&app.guest, &token, &secret).await;
    assert_eq!(expired.code(), "UNAUTHENTICATED");
    assert!(expired.error()["message"].as_str().unwrap().contains("expired"), "{}", expired.body);

    let made = admin.create_registration("attic").await.data()["createRunnerRegistration"].take();
    let id = &made["registration"]["id"];
    const WITHDRAW: &str = "mutation ($id: ID!) { withdrawRunnerRegistration(id: $id) }";
    admin.run(WITHDRAW, json!({ "id": id })).await.data();
    assert_eq!(admin.run(WITHDRAW, json!({ "id": id })).await.code(), "NOT_FOUND");
    let token = made["token"].as_str().unwrap();
    assert_eq!(register(&app.guest, token, &secret).await.code(), "UNAUTHENTICATED");

    // A credential that somebody has already, and what is no hash.
    let made = admin.create_registration("attic").await.data()["createRunnerRegistration"].take();
    let token = made["token"].as_str().unwrap();
    for taken in [&of_person, &of_runner] {
        assert_eq!(register(&app.guest, token, taken).await.code(), "BAD_USER_INPUT");
    }
    const PLAIN: &str = "mutation ($input: RegisterRunnerInput!) { registerRunner(input: $input) { id } }";
    for hash in ["", "kn_x", &"a".repeat(63)] {
        let reply =
            app.guest.run(PLAIN, json!({ "input": { "token": token, "credentialHash": hash } })).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{hash}");
    }
    for name in ["", "a\nb", &"n".repeat(61)] {
        assert_eq!(
            register_as(&app.guest, token, &secret, json!(name)).await.code(),
            "BAD_USER_INPUT",
            "{name}"
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM runner").await, 1, "the old one");
    let named = register_as(&app.guest, token, &secret, json!("cellar")).await.data();
    assert_eq!(named["registerRunner"]["name"], "cellar");
    let used = admin.run(WITHDRAW, json!({ "id": made["registration"]["id"] })).await;
    assert_eq!(used.code(), "CONFLICT");
}

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

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_what_runners_do_and_have_done() {
    let app = TestApp::start().await;
    let (admin, ann, runner) =
        (app.administrator("admin").await, app.person("ann").await, app.fake_runner("one").await);
    let seen = only(&admin).await;
    assert_eq!(
        (&seen["name"], &seen["state"], &seen["online"]),
        (&json!("one"), &json!("ACTIVE"), &json!(false))
    );
    assert_eq!(
        (&seen["capabilities"], &seen["lastSeenAt"], &seen["speed"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    const REPORT: &str =
        "mutation ($it: RunnerCapabilitiesInput!) { reportRunner(capabilities: $it) { name } }";
    let said = json!({ "version": "0.1.0", "ffmpegVersion": "5.1.9", "platform": "linux x86_64",
        "encoders": ["libx264", "h264_vaapi"], "jobs": 2, "cores": 8, "containment": ["bubblewrap"] });
    runner.client.run(REPORT, json!({ "it": said })).await.data();
    let mut lies = said.clone();
    lies["encoders"] = json!(["x".repeat(101)]);
    assert_eq!(runner.client.run(REPORT, json!({ "it": lies })).await.code(), "BAD_USER_INPUT");
    let seen = only(&admin).await;
    assert_eq!((&seen["capabilities"], &seen["online"]), (&said, &json!(true)));

    let first = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    runner.renew(&job["lease"]["id"]).await.data();
    let current = only(&admin).await["currentJobs"].take();
    assert_eq!(current.as_array().unwrap().len(), 1);
    assert_eq!(
        (&current[0]["kind"], &current[0]["percent"], &current[0]["videoId"], &current[0]["videoTitle"]),
        (&json!("PROCESS_VIDEO"), &json!(42.0), &json!(first), &json!("a"))
    );
    ann.set_visibility(&first, "PRIVATE").await;
    assert_eq!(only(&admin).await["currentJobs"][0]["videoTitle"], Value::Null, "what is private stays so");

    // Four seconds of video in two seconds of work.
    app.sql("UPDATE job SET leased_at = now() - interval '2 seconds'").await;
    runner.finish(&job).await;
    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    runner.fail(&job["lease"]["id"], "INTERNAL", "The disk was full.", true).await.data();
    let seen = only(&admin).await;
    assert_eq!(
        (&seen["doneLately"], &seen["failedLately"], &seen["lostLately"], &seen["currentJobs"]),
        (&json!(1), &json!(1), &json!(0), &json!([]))
    );
    let speed = seen["speed"].as_f64().unwrap();
    assert!((1_000.0..2_001.0).contains(&speed), "{speed}");
    // Two jobs side by side, each as long: twice as fast, and what is older than a day counts for nothing.
    app.sql(
        "INSERT INTO job_run (runner_id, kind, outcome, started_at, ended_at, media_ms)
        SELECT runner_id, kind, outcome, started_at, ended_at, media_ms FROM job_run WHERE outcome = 'done'",
    )
    .await;
    let twice = only(&admin).await["speed"].as_f64().unwrap();
    assert!((twice / speed - 2.0).abs() < 0.01, "{speed} {twice}");
    app.sql("UPDATE job_run SET ended_at = ended_at - interval '25 hours', started_at = started_at - interval '25 hours'").await;
    let seen = only(&admin).await;
    assert_eq!((&seen["doneLately"], &seen["speed"]), (&json!(0), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_runners_costs_the_same_however_many_there_are() {
    let app = TestApp::start().await;
    let admin = app.administrator("admin").await;
    for index in 0..3 {
        app.fake_runner(&format!("nr {index}")).await;
    }
    admin.client.query(RUNNERS).await.data();
    let cost = async || {
        let before = app.statements();
        admin.client.query(RUNNERS).await.data();
        app.statements() - before
    };
    let of_three = cost().await;
    for index in 3..15 {
        app.fake_runner(&format!("nr {index}")).await;
    }
    assert_eq!(cost().await, of_three);
    // In pages, in the order in which they came, each once.
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        const PAGE: &str = "query ($after: String) { runners(first: 4, after: $after) {
            edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }";
        let page = admin.run(PAGE, json!({ "after": after })).await.data()["runners"].take();
        names.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["name"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(names, (0..15).map(|index| json!(format!("nr {index}"))).collect::<Vec<_>>());
}

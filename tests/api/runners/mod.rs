//! How machines become runners, what administrators tell them, and what a runner that was told so can still do.

mod registration;
mod standing;

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

    // Four seconds of video in a hundred seconds of work, beside which the test's own are few.
    app.sql("UPDATE job SET leased_at = now() - interval '100 seconds'").await;
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
    assert!((36.0..40.01).contains(&speed), "{speed}");
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
        // The least of several: what the site does by itself now and then is counted too.
        let mut least = u64::MAX;
        for _ in 0..5 {
            let before = app.statements();
            admin.client.query(RUNNERS).await.data();
            least = least.min(app.statements() - before);
        }
        least
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

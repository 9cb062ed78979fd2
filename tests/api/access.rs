//! Object access: every field of the schema that takes an id, asked by everybody who may not.

use std::collections::BTreeSet;

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{chunk_of, plan, result};
use kinora_tests::graphql::Client;
use kinora_tests::socket::Socket;
use serde_json::{Value, json};

/// One field, and how it is asked for somebody else's thing.
struct Row {
    field: &'static str,
    document: &'static str,
    variables: Value,
}

/// The ids of one owner's things: a private video, an open upload, a token, a webhook with a message, and a lease of
/// one runner.
#[derive(Default)]
struct Things {
    video: String,
    upload: String,
    token: String,
    webhook: String,
    delivery: String,
    lease: String,
    /// A runner and a registration token, which are the administrators'.
    runner: String,
    registration: String,
}

fn rows(things: &Things) -> Vec<Row> {
    let Things { video, upload, token, webhook, delivery, lease, runner, registration } = things;
    let row = |field, document, variables| Row { field, document, variables };
    vec![
        row("Query.video", "query ($v: ID!) { x: video(id: $v) { id title } }", json!({ "v": video })),
        row("Query.upload", "query ($u: ID!) { x: upload(id: $u) { id fileName } }", json!({ "u": upload })),
        row(
            "Mutation.signUploadParts",
            "mutation ($u: ID!) { x: signUploadParts(uploadId: $u, partNumbers: [1]) { url } }",
            json!({ "u": upload }),
        ),
        row(
            "Mutation.completeUpload",
            "mutation ($u: ID!) { x: completeUpload(uploadId: $u) { id } }",
            json!({ "u": upload }),
        ),
        row(
            "Mutation.abortUpload",
            "mutation ($u: ID!) { x: abortUpload(uploadId: $u) }",
            json!({ "u": upload }),
        ),
        row(
            "Mutation.updateUpload",
            "mutation ($u: ID!) { x: updateUpload(input: { id: $u, title: \"taken\" }) { id } }",
            json!({ "u": upload }),
        ),
        row(
            "Mutation.updateVideo",
            "mutation ($v: ID!) { x: updateVideo(input: { id: $v, title: \"taken\", visibility: PUBLIC }) { id } }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.revokeApiToken",
            "mutation ($t: ID!) { x: revokeApiToken(id: $t) }",
            json!({ "t": token }),
        ),
        row(
            "Mutation.setCaption",
            "mutation ($v: ID!) { x: setCaption(input: { videoId: $v, language: \"en\", text: \"00:01.000 --> 00:02.000\\nx\" }) { url } }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.deleteCaption",
            "mutation ($v: ID!) { x: deleteCaption(videoId: $v, language: \"en\") }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.retryVideo",
            "mutation ($v: ID!) { x: retryVideo(id: $v) { id title } }",
            json!({ "v": video }),
        ),
        row(
            "Query.webhookDeliveries",
            "query ($w: ID!) { x: webhookDeliveries(webhookId: $w) { nodes { payload } } }",
            json!({ "w": webhook }),
        ),
        row(
            "Mutation.updateWebhook",
            "mutation ($w: ID!) { x: updateWebhook(input: { id: $w, url: \"https://taken.example/\" }) { url } }",
            json!({ "w": webhook }),
        ),
        row(
            "Mutation.deleteWebhook",
            "mutation ($w: ID!) { x: deleteWebhook(id: $w) }",
            json!({ "w": webhook }),
        ),
        row(
            "Mutation.rotateWebhookSecret",
            "mutation ($w: ID!) { x: rotateWebhookSecret(id: $w) { secret } }",
            json!({ "w": webhook }),
        ),
        row(
            "Mutation.testWebhook",
            "mutation ($w: ID!) { x: testWebhook(id: $w) { id } }",
            json!({ "w": webhook }),
        ),
        row(
            "Mutation.resendWebhookDelivery",
            "mutation ($d: ID!) { x: resendWebhookDelivery(id: $d) { id } }",
            json!({ "d": delivery }),
        ),
        row("Mutation.deleteVideo", "mutation ($v: ID!) { x: deleteVideo(id: $v) }", json!({ "v": video })),
        row(
            "Mutation.rateVideo",
            "mutation ($v: ID!) { x: rateVideo(videoId: $v, stars: 1) { id } }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.favoriteVideo",
            "mutation ($v: ID!) { x: favoriteVideo(videoId: $v, favorite: true) { id } }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.recordView",
            "mutation ($v: ID!) { x: recordView(videoId: $v, positionMs: 1) }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.renewLease",
            "mutation ($l: ID!) { x: renewLease(leaseId: $l) { id } }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.prepareDownload",
            "mutation ($v: ID!) { x: prepareDownload(videoId: $v, rendition: \"360p\") { state } }",
            json!({ "v": video }),
        ),
        row(
            "Mutation.signJobInputs",
            "mutation ($l: ID!) { x: signJobInputs(leaseId: $l) { url } }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.signJobOutputs",
            "mutation ($l: ID!) { x: signJobOutputs(leaseId: $l, outputs: [{ kind: POSTER, size: 9, md5: \"00000000000000000000000000000000\" }]) { url } }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.publishChunk",
            "mutation ($l: ID!, $c: PublishChunkInput!) { x: publishChunk(leaseId: $l, chunk: $c) }",
            json!({ "l": lease, "c": chunk_of("360p") }),
        ),
        row(
            "Mutation.publishCaption",
            "mutation ($l: ID!) { x: publishCaption(leaseId: $l, caption: { text: \"00:01.000 --> 00:02.000\\nx\" }) }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.publishChapters",
            "mutation ($l: ID!) { x: publishChapters(leaseId: $l, chapters: [{ startMs: 0, title: \"x\" }]) }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.planVideo",
            "mutation ($l: ID!, $p: VideoPlanInput!) { x: planVideo(leaseId: $l, plan: $p) }",
            json!({ "l": lease, "p": plan() }),
        ),
        row(
            "Mutation.completeJob",
            "mutation ($l: ID!, $r: JobResultInput!) { x: completeJob(leaseId: $l, result: $r) }",
            json!({ "l": lease, "r": result() }),
        ),
        row(
            "Mutation.failJob",
            "mutation ($l: ID!) { x: failJob(leaseId: $l, code: \"MEDIA_CORRUPT\", message: \"No.\", retry: false) }",
            json!({ "l": lease }),
        ),
        row(
            "Mutation.setRunnerState",
            "mutation ($r: ID!) { x: setRunnerState(id: $r, state: DISABLED) { id name } }",
            json!({ "r": runner }),
        ),
        row(
            "Mutation.revokeRunner",
            "mutation ($r: ID!) { x: revokeRunner(id: $r) { id name } }",
            json!({ "r": runner }),
        ),
        row(
            "Mutation.withdrawRunnerRegistration",
            "mutation ($g: ID!) { x: withdrawRunnerRegistration(id: $g) }",
            json!({ "g": registration }),
        ),
        row(
            "Subscription.videoProgress",
            "subscription ($v: ID!) { x: videoProgress(videoId: $v) { state } }",
            json!({ "v": video }),
        ),
    ]
}

/// The fields of the three roots that take an id, directly or in an input object, read from the schema itself.
fn fields_with_ids() -> BTreeSet<String> {
    let schema = std::fs::read_to_string(kinora_tests::repository().join("schema.graphql")).unwrap();
    let document = async_graphql_parser::parse_schema(&schema).unwrap();
    use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
    let types: Vec<_> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(found) => Some(&found.node),
            _ => None,
        })
        .collect();
    let is_id = |written: &str| written.trim_matches(['[', ']', '!']) == "ID";
    let holds_id = |written: &str| {
        let name = written.trim_matches(['[', ']', '!']);
        types.iter().filter(|found| found.name.node == name).any(|found| match &found.kind {
            TypeKind::InputObject(input) => {
                input.fields.iter().any(|field| is_id(&field.node.ty.node.to_string()))
            }
            _ => false,
        })
    };
    let mut fields = BTreeSet::new();
    for root in
        types.iter().filter(|found| ["Query", "Mutation", "Subscription"].contains(&found.name.node.as_str()))
    {
        let TypeKind::Object(object) = &root.kind else { continue };
        for field in &object.fields {
            let taken = field.node.arguments.iter().any(|argument| {
                let written = argument.node.ty.node.to_string();
                is_id(&written) || holds_id(&written)
            });
            if taken {
                fields.insert(format!("{}.{}", root.name.node, field.node.name.node));
            }
        }
    }
    fields
}

#[test]
fn the_matrix_has_every_field_that_takes_an_id() {
    let covered: BTreeSet<String> = rows(&Things::default()).iter().map(|row| row.field.to_owned()).collect();
    assert_eq!(covered, fields_with_ids());
}

/// What the caller was told: a code, or `null` where the thing is as if it did not exist.
async fn answer(client: &Client, row: &Row) -> String {
    if row.field.starts_with("Subscription.") {
        let Ok(mut socket) = Socket::open(client).await else { return "UNAUTHENTICATED".to_owned() };
        socket.subscribe(row.document, row.variables.clone()).await;
        return socket.refusal().await;
    }
    let reply = client.run(row.document, row.variables.clone()).await;
    if reply.failed() {
        return reply.code().to_owned();
    }
    let value = reply.data()["x"].take();
    if value.is_null() { "null".to_owned() } else { format!("leaked {value}") }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_what_is_not_theirs() {
    let app = TestApp::start_with(|config| config.webhook_private = true).await;
    let (owner, other) = (app.person("owner").await, app.person("other").await);
    let (runner, other_runner) = (app.fake_runner("one").await, app.fake_runner("other").await);
    let disabled = app.person("disabled").await;
    app.disable("disabled").await;
    let moderator = app.person("moderator").await;
    app.promote("moderator", kinora_tests::app::Role::Moderator).await;

    let video = app.ready_video(&owner, &runner, "mine").await;
    owner.set_visibility(&video, "PRIVATE").await;
    let upload = owner.begin_upload("a.mp4", "video/mp4", 9).await;
    let leased = owner.upload("b.mp4", "video/mp4", b"any bytes").await;
    owner.set_visibility(&leased, "PRIVATE").await;
    let lease = runner.lease().await.unwrap()["lease"]["id"].as_str().unwrap().to_owned();
    let made = owner.create_api_token("a program", "ALL", Value::Null).await.data()["createApiToken"].take();
    let admin = app.administrator("admin").await;
    let runners =
        admin.client.query("{ runners { nodes { id name } } }").await.data()["runners"]["nodes"].take();
    let registration = admin.create_registration("attic").await.data()["createRunnerRegistration"].take();
    // Nobody listens there, so the message waits.
    let (_, webhook) = owner.webhook("http://127.0.0.1:9/", &["VIDEO_READY"]).await;
    let delivery = owner.ping(&webhook).await;
    let things = Things {
        video: video.clone(),
        upload: upload["id"].as_str().unwrap().to_owned(),
        token: made["apiToken"]["id"].as_str().unwrap().to_owned(),
        webhook: webhook["id"].as_str().unwrap().to_owned(),
        delivery: delivery["id"].as_str().unwrap().to_owned(),
        lease,
        runner: runners[0]["id"].as_str().unwrap().to_owned(),
        registration: registration["registration"]["id"].as_str().unwrap().to_owned(),
    };

    let callers = [
        ("another member", &other.client),
        ("a guest", &app.guest),
        ("a disabled member", &disabled.client),
        ("a moderator", &moderator.client),
        ("another runner", &other_runner.client),
    ];
    let before = fingerprint(&app).await;
    for row in rows(&things) {
        for (who, client) in callers {
            let answer = answer(client, &row).await;
            let refused = ["NOT_FOUND", "LEASE_LOST", "UNAUTHENTICATED", "FORBIDDEN", "null"]
                .contains(&answer.as_str());
            // Moderation is yet to come: until then a moderator sees what every member sees.
            assert!(refused, "{} told {who}: {answer}", row.field);
            // To somebody who is logged in, a thing of others does not exist; FORBIDDEN would say that it does.
            if who == "another member" && !row.variables["l"].is_string() {
                assert!(
                    ["NOT_FOUND", "null"].contains(&answer.as_str()),
                    "{} told {who}: {answer}",
                    row.field
                );
            }
            // An invented id gets the same answer.
            let mut invented = row.variables.clone();
            for name in ["v", "u", "t", "w", "d", "l", "r", "g"] {
                if invented[name].is_string() {
                    invented[name] = json!("11111111112");
                }
            }
            let row = Row { field: row.field, document: row.document, variables: invented };
            assert_eq!(self::answer(client, &row).await, answer, "{} to {who}", row.field);
        }
    }
    assert_eq!(fingerprint(&app).await, before, "something was changed");

    // The owner and the lease's runner do reach them, so the refusals above mean something.
    assert_eq!(owner.video(&video).await["title"], "mine");
    runner.renew(&json!(things.lease)).await.data();
    owner.put_parts(&upload, b"any bytes").await;
    owner.complete(&upload).await.data();
    for row in
        rows(&things).iter().filter(|row| row.variables["r"].is_string() || row.variables["g"].is_string())
    {
        admin.client.run(row.document, row.variables.clone()).await.data();
    }
}

/// Everything that the callers could have changed.
async fn fingerprint(app: &TestApp) -> String {
    app.text(
        "SELECT md5(concat(
            (SELECT string_agg(concat(title, visibility, state, rating_count, favorite_count, view_count), ',' ORDER BY id) FROM video),
            (SELECT string_agg(state::text, ',' ORDER BY id) FROM upload),
            (SELECT string_agg(concat(state, lease_id, attempts), ',' ORDER BY id) FROM job),
            (SELECT string_agg(state, ',' ORDER BY id) FROM runner),
            (SELECT count(*) FROM runner_registration),
            (SELECT count(*) FROM api_token WHERE revoked_at IS NULL),
            (SELECT string_agg(concat(url, secret_salt, off_reason), ',' ORDER BY id) FROM webhook),
            (SELECT string_agg(attempts_before::text, ',' ORDER BY id) FROM webhook_delivery),
            (SELECT count(*) FROM caption),
            (SELECT count(*) FROM download),
            (SELECT count(*) FROM chunk)))",
    )
    .await
}

//! Tokens of people: what each scope may, and that no token ever touches tokens, passwords or log-ins.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::graphql::Client;
use kinora_tests::person::Person;
use kinora_tests::socket::{Ended, Socket};
use serde_json::{Value, json};

const MINE: &str = "{ me { apiTokens { id name scope createdAt expiresAt lastUsedAt } } }";

async fn tokens_of(person: &Person) -> Vec<Value> {
    let mut data = person.client.query(MINE).await.data();
    data["me"]["apiTokens"].take().as_array().unwrap().clone()
}

async fn revoke(client: &Client, id: &Value) -> kinora_tests::graphql::Reply {
    client.run("mutation ($id: ID!) { revokeApiToken(id: $id) }", json!({ "id": id })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let made =
        ann.create_api_token("  the attic  ", "UPLOAD", json!(30)).await.data()["createApiToken"].take();
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("kn_") && secret.len() > 60, "{secret}");
    assert_eq!(made["apiToken"]["name"], "the attic");
    assert_eq!(made["apiToken"]["scope"], "UPLOAD");
    assert_eq!(made["apiToken"]["lastUsedAt"], Value::Null);
    let days = app
        .number("SELECT round(extract(epoch FROM expires_at - created_at) / 86400)::bigint FROM api_token WHERE kind = 'user'")
        .await;
    assert_eq!(days, 30);

    let tokens = tokens_of(&ann).await;
    assert_eq!(tokens, [made["apiToken"].clone()]);
    let row = app.text("SELECT row_to_json(api_token)::text FROM api_token WHERE kind = 'user'").await;
    assert!(!row.contains(secret) && !row.contains(&secret[3..]), "{row}");

    // Used, it says so.
    let program = app.guest.bearing(secret);
    assert_eq!(program.query("{ me { username } }").await.data()["me"]["username"], "ann");
    assert!(tokens_of(&ann).await[0]["lastUsedAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lifetimes_and_numbers_have_limits() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    for (name, days, field) in [
        ("", Value::Null, "name"),
        ("   ", Value::Null, "name"),
        (&*"n".repeat(61), Value::Null, "name"),
        ("a\nb", Value::Null, "name"),
        ("fine", json!(0), "expiresInDays"),
        ("fine", json!(-1), "expiresInDays"),
        ("fine", json!(2_147_483_647), "expiresInDays"),
    ] {
        let reply = ann.create_api_token(name, "READ", days.clone()).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{name:?} {days}");
        assert_eq!(reply.error()["extensions"]["field"], field, "{name:?} {days}");
    }
    assert_eq!(ann.create_api_token("x", "ROOT", Value::Null).await.code(), "BAD_USER_INPUT");

    // However many ask at once, there are fifty.
    let asked = (0..60).map(|index| {
        let ann = &ann;
        async move { ann.create_api_token(&format!("nr {index}"), "READ", Value::Null).await.failed() }
    });
    let refused = futures::future::join_all(asked).await.into_iter().filter(|refused| *refused).count();
    assert_eq!(refused, 10);
    assert_eq!(ann.create_api_token("one more", "READ", Value::Null).await.code(), "CONFLICT");
    let first = tokens_of(&ann).await[0]["id"].clone();
    assert_eq!(revoke(&ann.client, &first).await.data()["revokeApiToken"], true);
    ann.create_api_token("one more", "READ", Value::Null).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_and_expired_tokens_open_nothing() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let made = ann.create_api_token("a", "ALL", json!(1)).await.data()["createApiToken"].take();
    let program = app.guest.bearing(made["token"].as_str().unwrap());
    let id = &made["apiToken"]["id"];
    let mut socket = Socket::open(&program).await.unwrap();
    assert_eq!(revoke(&bob.client, id).await.code(), "NOT_FOUND");
    assert_eq!(program.query("{ me { username } }").await.data()["me"]["username"], "ann");
    for _ in 0..2 {
        assert_eq!(revoke(&ann.client, id).await.data()["revokeApiToken"], true, "repeating is no error");
    }
    assert_eq!(program.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    assert_ne!(socket.ended_within(Duration::from_secs(6)).await, Ended::StillOpen);
    assert!(tokens_of(&ann).await.is_empty());

    let made = ann.create_api_token("b", "ALL", json!(1)).await.data()["createApiToken"].take();
    let program = app.guest.bearing(made["token"].as_str().unwrap());
    program.query("{ me { id } }").await.data();
    app.sql("UPDATE api_token SET expires_at = now() - interval '1 second' WHERE kind = 'user'").await;
    assert_eq!(program.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    assert_eq!(tokens_of(&ann).await.len(), 1, "it is still listed, so that its owner sees why");
    app.sql("UPDATE api_token SET expires_at = now() - interval '31 days' WHERE kind = 'user'").await;
    assert!(tokens_of(&ann).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_and_a_disabled_account_end_tokens() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let (of_ann, of_bob) =
        (app.guest.bearing(&ann.api_token("ALL").await), app.guest.bearing(&bob.api_token("ALL").await));
    app.reset_password("ann", "an entirely new password").await;
    app.disable("bob").await;
    for program in [&of_ann, &of_bob] {
        assert_eq!(program.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_the_tokens_of_others() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    ann.api_token("ALL").await;
    for client in [&bob.client, &app.guest] {
        let seen = client.query("{ user(username: \"ann\") { apiTokens { id name } } }").await.data();
        assert_eq!(seen["user"]["apiTokens"], json!([]));
    }
}

/// What a mutation does when a token of each scope sends it.
struct Case {
    mutation: &'static str,
    document: &'static str,
    /// The narrowest scope that may; none for what no token may.
    least: Option<&'static str>,
}

const fn case(mutation: &'static str, document: &'static str, least: Option<&'static str>) -> Case {
    Case { mutation, document, least }
}

const READ: Option<&str> = Some("READ");
const UPLOAD: Option<&str> = Some("UPLOAD");
const ALL: Option<&str> = Some("ALL");

/// Every id is an invented one, so that whoever may pass is told NOT_FOUND by the service behind.
const CASES: [Case; 30] = [
    case("createUpload", "createUpload(input: { fileName: \"a.mp4\", size: 0 }) { id }", UPLOAD),
    case("signUploadParts", "signUploadParts(uploadId: \"11111111112\", partNumbers: [1]) { url }", UPLOAD),
    case("completeUpload", "completeUpload(uploadId: \"11111111112\") { id }", UPLOAD),
    case("abortUpload", "abortUpload(uploadId: \"11111111112\")", UPLOAD),
    case("updateUpload", "updateUpload(input: { id: \"11111111112\", title: \"x\" }) { id }", UPLOAD),
    case("updateVideo", "updateVideo(input: { id: \"11111111112\", title: \"x\" }) { id }", UPLOAD),
    case(
        "setCaption",
        "setCaption(input: { videoId: \"11111111112\", language: \"en\", text: \"00:01.000 --> 00:02.000\\nx\" }) { url }",
        UPLOAD,
    ),
    case("deleteCaption", "deleteCaption(videoId: \"11111111112\", language: \"en\")", UPLOAD),
    case("retryVideo", "retryVideo(id: \"11111111112\") { id }", UPLOAD),
    case("deleteVideo", "deleteVideo(id: \"11111111112\")", ALL),
    case("rateVideo", "rateVideo(videoId: \"11111111112\", stars: 1) { id }", ALL),
    case("favoriteVideo", "favoriteVideo(videoId: \"11111111112\", favorite: true) { id }", ALL),
    case("recordView", "recordView(videoId: \"11111111112\", positionMs: 1)", ALL),
    case("prepareDownload", "prepareDownload(videoId: \"11111111112\", rendition: \"720p\") { state }", READ),
    case("createApiToken", "createApiToken(input: { name: \"x\", scope: READ }) { token }", None),
    case("revokeApiToken", "revokeApiToken(id: \"11111111112\")", None),
    case("setRunnerState", "setRunnerState(id: \"11111111112\", state: DRAINING) { id }", ALL),
    case("revokeRunner", "revokeRunner(id: \"11111111112\") { id }", None),
    case("createRunnerRegistration", "createRunnerRegistration(input: { name: \"x\" }) { token }", None),
    case("withdrawRunnerRegistration", "withdrawRunnerRegistration(id: \"11111111112\")", None),
    case(
        "createWebhook",
        "createWebhook(input: { url: \"https://example.org\", events: [VIDEO_READY] }) { secret }",
        None,
    ),
    case("updateWebhook", "updateWebhook(input: { id: \"11111111112\", enabled: false }) { id }", None),
    case("deleteWebhook", "deleteWebhook(id: \"11111111112\")", None),
    case("rotateWebhookSecret", "rotateWebhookSecret(id: \"11111111112\") { secret }", None),
    case("testWebhook", "testWebhook(id: \"11111111112\") { id }", None),
    case("resendWebhookDelivery", "resendWebhookDelivery(id: \"11111111112\") { id }", None),
    case("logOut", "logOut", None),
    case(
        "logIn",
        "logIn(input: { username: \"ann\", password: \"correct horse battery staple\" }) { token }",
        None,
    ),
    case(
        "signUp",
        "signUp(input: { username: \"eve\", password: \"correct horse battery staple\" }) { token }",
        None,
    ),
    case("leaseJob", "leaseJob(kinds: [PROCESS_VIDEO]) { id }", None),
];

/// Mutations of runners, which no token of a person reaches: one of them stands for all above.
const OF_RUNNERS: [&str; 11] = [
    "registerRunner",
    "reportRunner",
    "renewLease",
    "signJobInputs",
    "signJobOutputs",
    "planVideo",
    "publishCaption",
    "publishChapters",
    "publishChunk",
    "completeJob",
    "failJob",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_may_what_it_says_and_nothing_more() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let mut programs = BTreeMap::new();
    for scope in ["READ", "UPLOAD", "ALL"] {
        programs.insert(scope, app.guest.bearing(&ann.api_token(scope).await));
    }
    let tokens_before = tokens_of(&ann).await.len();
    for Case { mutation, document, least } in CASES {
        for (scope, program) in &programs {
            let may = match least {
                Some("READ") => true,
                Some("UPLOAD") => *scope != "READ",
                Some(least) => *scope == least,
                None => false,
            };
            // As it is, under another name, and in a fragment.
            for written in [
                format!("mutation {{ {document} }}"),
                format!("mutation {{ me: {document} }}"),
                format!("mutation {{ ...a }} fragment a on Mutation {{ {document} }}"),
                format!("mutation {{ ... on Mutation @include(if: true) {{ {document} }} }}"),
            ] {
                let reply = program.query(&written).await;
                let code = reply.code();
                assert_eq!(code == "FORBIDDEN", !may, "{scope} {mutation}: {}", reply.body);
                if may {
                    assert!(["NOT_FOUND", "UPLOAD_EMPTY"].contains(&code), "{scope} {mutation}: {code}");
                }
            }
        }
    }
    // The person themself is held back by nothing of this, and none of it had an effect.
    assert_eq!(tokens_of(&ann).await.len(), tokens_before);
    assert_eq!(app.number("SELECT count(*) FROM \"user\"").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM session WHERE ended_at IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_sees_tokens_or_webhooks() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    for scope in ["READ", "UPLOAD", "ALL"] {
        let program = app.guest.bearing(&ann.api_token(scope).await);
        for ask in [
            MINE,
            "{ user(username: \"ann\") { apiTokens { id } } }",
            "{ me { webhooks { url } } }",
            "{ webhookDeliveries(webhookId: \"11111111112\") { nodes { payload } } }",
        ] {
            assert_eq!(program.query(ask).await.code(), "FORBIDDEN", "{scope}: {ask}");
        }
        // What the person sees otherwise, it sees.
        assert_eq!(program.query("{ me { username role } }").await.data()["me"]["role"], "MEMBER");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_one_forbidden_mutation_does_nothing_at_all() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let program = app.guest.bearing(&ann.api_token("UPLOAD").await);
    let both =
        "mutation { createUpload(input: { fileName: \"a.mp4\", size: 9 }) { id } deleteVideo(id: \"x\") }";
    assert_eq!(program.query(both).await.code(), "FORBIDDEN");
    assert_eq!(app.number("SELECT count(*) FROM upload").await, 0);
    // Over a socket as well.
    let mut socket = Socket::open(&program).await.unwrap();
    socket.subscribe("mutation { deleteVideo(id: \"x\") }", json!({})).await;
    assert_eq!(socket.refusal().await, "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_token_takes_a_file_to_the_end() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let token = ann.api_token("UPLOAD").await;
    let program = Person { client: app.guest.bearing(&token), token, username: ann.username.clone() };
    let video = program.upload("a.mp4", "video/mp4", b"any bytes").await;
    program.set_visibility(&video, "UNLISTED").await;
    assert_eq!(ann.video(&video).await["visibility"], "UNLISTED");
}

/// The matrix above must know every mutation of the schema; a new one is added there, and in the server's table.
#[test]
fn the_matrix_has_every_mutation() {
    use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
    let schema = std::fs::read_to_string(kinora_tests::repository().join("schema.graphql")).unwrap();
    let document = async_graphql_parser::parse_schema(&schema).unwrap();
    let mutations: BTreeSet<String> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(found) if found.node.name.node == "Mutation" => Some(&found.node.kind),
            _ => None,
        })
        .filter_map(|kind| match kind {
            TypeKind::Object(object) => Some(&object.fields),
            _ => None,
        })
        .flatten()
        .map(|field| field.node.name.node.to_string())
        .collect();
    let covered: BTreeSet<String> =
        CASES.iter().map(|case| case.mutation).chain(OF_RUNNERS).map(str::to_owned).collect();
    assert_eq!(covered, mutations);
}

//! How machines become runners.

use super::*;

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

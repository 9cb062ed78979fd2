//! No other site can act with a visitor's cookie.

use kinora_tests::app::TestApp;
use kinora_tests::graphql::{Client, Reply};
use kinora_tests::socket::Socket;
use reqwest::{Method, StatusCode};
use serde_json::json;

const MUTATION: &str = r#"mutation { createUpload(input: { fileName: "stolen.mp4", size: 9 }) { id } }"#;

/// A browser that is logged in, as its own pages would send requests.
async fn logged_in(app: &TestApp) -> Client {
    app.guest.with_cookie(&cookie_of(app, "ann").await)
}

async fn cookie_of(app: &TestApp, username: &str) -> String {
    let reply = kinora_tests::person::sign_up(&app.guest, username, kinora_tests::person::PASSWORD).await;
    reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn uploads(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM upload").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_site_may_act_with_the_cookie() {
    let app = TestApp::start().await;
    let browser = logged_in(&app).await;
    browser.query(MUTATION).await.data();
    let fetched = browser.without_header("origin").with_header("sec-fetch-site", "same-origin");
    fetched.query(MUTATION).await.data();
    assert_eq!(uploads(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_and_links_of_other_sites_run_no_mutation() {
    let app = TestApp::start().await;
    let browser = logged_in(&app).await;
    let body = json!({ "query": MUTATION }).to_string();
    let boundary = "multipart/form-data; boundary=x";
    let multipart = format!(
        "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{body}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"map\"\r\n\r\n{{}}\r\n--x--\r\n"
    );
    let form: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("query", MUTATION).finish();
    let forms = [
        (Some("text/plain"), body.clone()),
        (Some("application/x-www-form-urlencoded"), form),
        (Some(boundary), multipart),
        (None, body),
    ];
    for origin in ["same", "https://evil.example"] {
        for (content_type, body) in &forms {
            let sender =
                if origin == "same" { browser.clone() } else { browser.with_header("origin", origin) };
            let mut request = sender.request(Method::POST, "/graphql").body(body.clone());
            if let Some(content_type) = content_type {
                request = request.header("content-type", *content_type);
            }
            let reply = Reply::read(request.send().await.unwrap()).await;
            assert!(reply.status.is_client_error(), "{content_type:?} from {origin}: {}", reply.status);
        }
        let mut link = app.url.join("/graphql").unwrap();
        link.query_pairs_mut().append_pair("query", MUTATION);
        browser.get(link.as_str()).await;
    }
    assert_eq!(uploads(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_or_missing_origin_is_refused_with_a_cookie() {
    let app = TestApp::start().await;
    let browser = logged_in(&app).await;
    let suffix = format!("{}.evil.example", app.guest.origin());
    for origin in ["https://evil.example", "null", &suffix, "http://localhost:1"] {
        let reply = browser.with_header("origin", origin).query(MUTATION).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let missing = browser.without_header("origin").query(MUTATION).await;
    assert_eq!(missing.status, StatusCode::FORBIDDEN);
    for site in ["cross-site", "same-site", "none"] {
        let reply =
            browser.without_header("origin").with_header("sec-fetch-site", site).query(MUTATION).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{site}");
    }
    assert_eq!(uploads(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_of_a_token_needs_no_origin() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    ann.client.query(MUTATION).await.data();
    ann.client.with_header("origin", "https://elsewhere.example").query(MUTATION).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_with_a_cookie_opens_for_the_site_itself_only() {
    let app = TestApp::start().await;
    let browser = logged_in(&app).await;
    assert!(Socket::open(&browser).await.is_ok());
    let suffix = format!("{}.evil.example", app.guest.origin());
    for origin in ["https://evil.example", "null", &suffix] {
        let refused = Socket::open(&browser.with_header("origin", origin)).await;
        assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN), "{origin}");
    }
    let refused = Socket::open(&browser.without_header("origin")).await;
    assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN));
}

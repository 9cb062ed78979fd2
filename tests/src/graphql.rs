//! A GraphQL client that shows the raw HTTP where a test wants it, and hides it where it does not.

use std::time::Duration;

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

/// A server that hangs should fail a test, not hold it.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// Talks to one server as one requester: a guest, a bearer of a token, or a browser with a cookie.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    headers: HeaderMap,
}

impl Client {
    /// A guest.
    pub fn guest(base: Url) -> Self {
        // The workspace's reqwest brings no TLS provider of its own; a second installation is refused, harmlessly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LONGEST_ANSWER)
            .build()
            .unwrap();
        Self { http, base, headers: HeaderMap::new() }
    }

    pub fn bearing(&self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// As the site's own pages do: the cookie, and where the page came from.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        let mut client = self.with_header(COOKIE.as_str(), cookie);
        client.headers.insert(ORIGIN, HeaderValue::from_str(self.origin().as_str()).unwrap());
        client
    }

    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        client
    }

    pub fn without_header(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// `http://host:port`, as a browser would say it.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Runs one operation.
    pub async fn run(&self, document: &str, variables: Value) -> Reply {
        self.post_json(json!({ "query": document, "variables": variables }).to_string()).await
    }

    /// Runs one operation without variables.
    pub async fn query(&self, document: &str) -> Reply {
        self.run(document, json!({})).await
    }

    /// Sends any body as JSON to `/graphql`.
    pub async fn post_json(&self, body: String) -> Reply {
        let request =
            self.request(Method::POST, "/graphql").header("content-type", "application/json").body(body);
        Reply::read(request.send().await.unwrap()).await
    }

    /// A request to a path of the server (or a full URL), with this requester's headers.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = self.base.join(path).unwrap();
        let foreign = url.origin() != self.base.origin();
        let request = self.http.request(method, url);
        if foreign { request } else { request.headers(self.headers.clone()) }
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The body of a path that must answer with success.
    pub async fn get_text(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert!(response.status().is_success(), "GET {path}: {}", response.status());
        response.text().await.unwrap()
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null when the body was no JSON.
    pub body: Value,
}

impl Reply {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// The data of an operation that must succeed.
    #[track_caller]
    pub fn data(self) -> Value {
        let Self { status, mut body, .. } = self;
        assert!(body["errors"].is_null() && body["data"].is_object(), "{status}: {body}");
        body["data"].take()
    }

    /// The stable code of an operation that must fail.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.error()["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {}", self.body))
    }

    /// The first error.
    #[track_caller]
    pub fn error(&self) -> &Value {
        let error = &self.body["errors"][0];
        assert!(error.is_object(), "expected an error, not {}: {}", self.status, self.body);
        error
    }

    pub fn failed(&self) -> bool {
        !self.status.is_success() || self.body["errors"].is_array()
    }
}

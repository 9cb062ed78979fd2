//! Somebody with an account: signs up, uploads, looks at what became of it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::clips::Clip;
use crate::graphql::{Client, Reply};

/// A password that every rule allows.
pub const PASSWORD: &str = "correct horse battery staple";

const POLL: Duration = Duration::from_millis(100);

/// A member with a token, as a program would hold it.
#[derive(Debug, Clone)]
pub struct Person {
    pub username: String,
    pub token: String,
    pub client: Client,
}

impl Person {
    /// Makes the account.
    pub async fn sign_up(guest: &Client, username: &str) -> Self {
        let reply = sign_up(guest, username, PASSWORD).await;
        Self::of_session(guest, &reply.data()["signUp"])
    }

    /// Logs in to an account that exists.
    pub async fn log_in(guest: &Client, username: &str) -> Self {
        let reply = log_in(guest, username, PASSWORD).await;
        Self::of_session(guest, &reply.data()["logIn"])
    }

    fn of_session(guest: &Client, session: &Value) -> Self {
        let token = session["token"].as_str().unwrap().to_owned();
        let username = session["user"]["username"].as_str().unwrap().to_owned();
        Self { client: guest.bearing(&token), username, token }
    }

    pub async fn run(&self, document: &str, variables: Value) -> Reply {
        self.client.run(document, variables).await
    }

    /// The secret of a new token of this scope, for a program.
    pub async fn api_token(&self, scope: &str) -> String {
        let mut made = self.create_api_token("a program", scope, Value::Null).await.data();
        made["createApiToken"]["token"].take().as_str().unwrap().to_owned()
    }

    pub async fn create_api_token(&self, name: &str, scope: &str, expires_in_days: Value) -> Reply {
        const CREATE: &str = "mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) {
            token apiToken { id name scope createdAt expiresAt lastUsedAt } } }";
        let input = json!({ "name": name, "scope": scope, "expiresInDays": expires_in_days });
        self.run(CREATE, json!({ "input": input })).await
    }

    /// `createWebhook` that must succeed: its secret, and the webhook.
    pub async fn webhook(&self, url: &str, events: &[&str]) -> (String, Value) {
        let input = json!({ "url": url, "events": events });
        let mut made = self.create_webhook(input).await.data()["createWebhook"].take();
        (made["secret"].as_str().unwrap().to_owned(), made["webhook"].take())
    }

    pub async fn create_webhook(&self, input: Value) -> Reply {
        let create = format!(
            "mutation ($input: CreateWebhookInput!) {{ createWebhook(input: $input) {{ secret webhook {{ {WEBHOOK} }} }} }}"
        );
        self.run(&create, json!({ "input": input })).await
    }

    pub async fn webhooks(&self) -> Vec<Value> {
        let mut data = self.client.query(&format!("{{ me {{ webhooks {{ {WEBHOOK} }} }} }}")).await.data();
        data["me"]["webhooks"].take().as_array().unwrap().clone()
    }

    /// Sends a `ping` and gives its delivery.
    pub async fn ping(&self, webhook: &Value) -> Value {
        let test = format!("mutation ($id: ID!) {{ testWebhook(id: $id) {{ {DELIVERY} }} }}");
        self.run(&test, json!({ "id": webhook["id"] })).await.data()["testWebhook"].take()
    }

    /// The newest messages of a webhook.
    pub async fn deliveries(&self, webhook: &Value) -> Vec<Value> {
        let log = format!(
            "query ($id: ID!) {{ webhookDeliveries(webhookId: $id, first: 100) {{ nodes {{ {DELIVERY} }} }} }}"
        );
        let mut data = self.run(&log, json!({ "id": webhook["id"] })).await.data();
        data["webhookDeliveries"]["nodes"].take().as_array().unwrap().clone()
    }

    /// Uploads bytes to the end and gives the video's id.
    /// Makes a token with which a machine can become a runner.
    pub async fn create_registration(&self, name: &str) -> Reply {
        const CREATE: &str = "mutation ($name: String!) { createRunnerRegistration(input: { name: $name }) {
            token registration { id name createdAt expiresAt } } }";
        self.run(CREATE, json!({ "name": name })).await
    }

    pub async fn upload(&self, file_name: &str, content_type: &str, bytes: &[u8]) -> String {
        let upload = self.begin_upload(file_name, content_type, bytes.len() as u64).await;
        self.put_parts(&upload, bytes).await;
        let reply = self.complete(&upload).await;
        reply.data()["completeUpload"]["id"].as_str().unwrap().to_owned()
    }

    /// Uploads bytes to the end as a private video and gives its id.
    pub async fn upload_private(&self, file_name: &str, content_type: &str, bytes: &[u8]) -> String {
        let input = json!({ "fileName": file_name, "contentType": content_type, "size": bytes.len(), "visibility": "PRIVATE" });
        let upload = self.create_upload_of(input).await.data()["createUpload"].take();
        self.put_parts(&upload, bytes).await;
        self.complete(&upload).await.data()["completeUpload"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn upload_clip(&self, clip: &Clip) -> String {
        self.upload(&clip.file_name(), clip.content_type, &clip.bytes()).await
    }

    /// `createUpload` that must succeed: `id`, `partSize` and `partCount` among others.
    pub async fn begin_upload(&self, file_name: &str, content_type: &str, size: u64) -> Value {
        self.create_upload(file_name, content_type, size).await.data()["createUpload"].take()
    }

    pub async fn create_upload(&self, file_name: &str, content_type: &str, size: u64) -> Reply {
        let input = json!({ "fileName": file_name, "contentType": content_type, "size": size });
        self.create_upload_of(input).await
    }

    pub async fn create_upload_of(&self, input: Value) -> Reply {
        const CREATE: &str = "mutation ($input: CreateUploadInput!) { createUpload(input: $input) {
            id fileName size partSize partCount state expiresAt receivedParts { number size } video { id } } }";
        self.run(CREATE, json!({ "input": input })).await
    }

    pub async fn sign_parts(&self, upload: &Value, numbers: &[i64]) -> Reply {
        const SIGN: &str =
            "mutation ($id: ID!, $numbers: [Int!]!) { signUploadParts(uploadId: $id, partNumbers: $numbers) {
            number url headers { name value } expiresAt } }";
        self.run(SIGN, json!({ "id": upload["id"], "numbers": numbers })).await
    }

    /// Sends every part of `bytes`.
    pub async fn put_parts(&self, upload: &Value, bytes: &[u8]) {
        let part_size = upload["partSize"].as_u64().unwrap() as usize;
        let count = upload["partCount"].as_i64().unwrap();
        let numbers: Vec<i64> = (1..=count).collect();
        let signed = self.sign_parts(upload, &numbers).await.data()["signUploadParts"].take();
        for (part, body) in signed.as_array().unwrap().iter().zip(bytes.chunks(part_size)) {
            let response = put(&self.client, part, body.to_vec()).await;
            assert!(response.status().is_success(), "part {}: {}", part["number"], response.status());
        }
    }

    /// `completeUpload` without a list of parts: the store's own decides.
    pub async fn complete(&self, upload: &Value) -> Reply {
        self.complete_with(upload, Value::Null).await
    }

    pub async fn complete_with(&self, upload: &Value, parts: Value) -> Reply {
        const COMPLETE: &str = "mutation ($id: ID!, $parts: [UploadedPartInput!]) {
            completeUpload(uploadId: $id, parts: $parts) { id title state } }";
        self.run(COMPLETE, json!({ "id": upload["id"], "parts": parts })).await
    }

    /// Waits until a video is READY or FAILED and gives it whole.
    pub async fn outcome(&self, video: &str, patience: Duration) -> Value {
        self.once(video, patience, |standing| standing["state"] != "PROCESSING").await
    }

    /// Waits until a video can be watched and gives it whole.
    pub async fn playable(&self, video: &str, patience: Duration) -> Value {
        let found = self
            .once(video, patience, |standing| standing["playable"] == true || !standing["failure"].is_null())
            .await;
        assert!(found["failure"].is_null(), "{found}");
        found
    }

    /// Waits for what [`Self::standing`] tells and gives the video whole.
    pub async fn once(&self, video: &str, patience: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        while !is_so(&self.standing(video).await) {
            assert!(begun.elapsed() < patience, "not after {patience:?}: {}", self.video(video).await);
            tokio::time::sleep(POLL).await;
        }
        self.video(video).await
    }

    /// As much of a video as changes by itself: to be asked again and again, beside the work that is waited for.
    pub async fn standing(&self, id: &str) -> Value {
        const STANDING: &str =
            "query ($id: ID!) { video(id: $id) { state playable encrypted loopUrl failure { code } } }";
        self.run(STANDING, json!({ "id": id })).await.data()["video"].take()
    }

    /// Waits until a video is READY; any other end fails the test.
    pub async fn ready(&self, video: &str, patience: Duration) -> Value {
        let found = self.outcome(video, patience).await;
        assert_eq!(found["state"], "READY", "{found}");
        found
    }

    pub async fn video(&self, id: &str) -> Value {
        let mut data = self.run(VIDEO, json!({ "id": id })).await.data();
        assert!(data["video"].is_object(), "{} does not see video {id}", self.username);
        data["video"].take()
    }

    pub async fn update_video(&self, input: Value) -> Reply {
        const UPDATE: &str = "mutation ($input: UpdateVideoInput!) {
            updateVideo(input: $input) { id title description visibility tags { name } } }";
        self.run(UPDATE, json!({ "input": input })).await
    }

    pub async fn set_visibility(&self, video: &str, visibility: &str) {
        self.update_video(json!({ "id": video, "visibility": visibility })).await.data();
    }
}

/// Everything that a webhook tells of itself.
pub const WEBHOOK: &str =
    "id url events scope enabled offReason offAt failingSince lastError previousSecretUntil createdAt";

/// Everything that is known of a message to a webhook.
pub const DELIVERY: &str =
    "id messageId event videoId videoTitle state attempts statusCode durationMs response error payload
createdAt lastAttemptAt nextAttemptAt";

/// Everything that a client may ask of a video.
pub const VIDEO: &str = "query ($id: ID!) { video(id: $id) {
    id title description state playable failure { code message } progress { percent stage parts } visibility
    protected encrypted
    durationMs loudnessLufs truePeakDbtp width height uploader { id username } tags { name videoCount } averageStars ratingCount favoriteCount
    viewCount viewerStars viewerFavorite viewerCanEdit createdAt publishedAt posterUrl storyboardUrl loopUrl hlsUrl downloadUrl
    renditions { name kind width height bitrate codecs } captions { language label url } chapters { startMs title } } }";

pub async fn sign_up(guest: &Client, username: &str, password: &str) -> Reply {
    const SIGN_UP: &str =
        "mutation ($input: SignUpInput!) { signUp(input: $input) { token expiresAt user { id username } } }";
    guest.run(SIGN_UP, json!({ "input": { "username": username, "password": password } })).await
}

pub async fn log_in(guest: &Client, username: &str, password: &str) -> Reply {
    const LOG_IN: &str =
        "mutation ($input: LogInInput!) { logIn(input: $input) { token expiresAt user { id username } } }";
    guest.run(LOG_IN, json!({ "input": { "username": username, "password": password } })).await
}

/// Sends a body to a presigned address with the headers that were signed with it.
pub async fn put(client: &Client, signed: &Value, body: Vec<u8>) -> reqwest::Response {
    let mut request = client.request(Method::PUT, signed["url"].as_str().unwrap());
    for header in signed["headers"].as_array().unwrap() {
        let (name, value) = (header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
        // The body sets it, and twice is once too often.
        if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("host") {
            request = request.header(name, value);
        }
    }
    request.body(body).send().await.unwrap()
}

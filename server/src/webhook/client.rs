//! One message on its way: connected only to where it may go, bounded in time and in what is read.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, StatusCode, header, redirect};
use tokio::time::Instant;
use url::Url;

use super::{
    SecretKey,
    public::{NotPublic, PublicOnly, check_host},
};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The status is the answer; its body is a courtesy for the log.
const BODY_WITHIN: Duration = Duration::from_secs(2);
const MOST_BODY_BYTES: usize = 4096;
const EXCERPT_CHARACTERS: usize = 500;

/// Sends messages, and knows what their secrets are made from.
pub struct Messenger {
    /// Made when it is first needed: commands that send nothing do not look for the system's certificates, and a
    /// machine without any still serves.
    http: OnceLock<Result<Client, String>>,
    /// None where addresses that are not on the public internet are allowed.
    guard: Option<Arc<PublicOnly>>,
    pub key: SecretKey,
}

/// What is sent.
pub(super) struct Message<'a> {
    pub url: &'a str,
    /// The same for every try.
    pub id: String,
    pub sent_at: DateTime<Utc>,
    pub body: String,
    /// One or more, with a space between.
    pub signatures: String,
}

/// What came of a try.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Absent when there was no answer.
    pub status: Option<u16>,
    pub duration_ms: i32,
    /// The beginning of the answer's body.
    pub response: Option<String>,
    /// Why it did not arrive; none when it did.
    pub error: Option<String>,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Messenger {
    /// `private_allowed`: also to addresses that are not on the public internet.
    pub fn new(key: SecretKey, private_allowed: bool) -> Self {
        Self::with(key, (!private_allowed).then(PublicOnly::of_system))
    }

    fn with(key: SecretKey, guard: Option<PublicOnly>) -> Self {
        Self { http: OnceLock::new(), guard: guard.map(Arc::new), key }
    }

    fn http(&self) -> Result<&Client, String> {
        self.http.get_or_init(|| self.build()).as_ref().map_err(Clone::clone)
    }

    fn build(&self) -> Result<Client, String> {
        kinora_runner::install_crypto();
        let mut client = Client::builder()
            .user_agent(concat!("Kinora/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .redirect(redirect::Policy::none())
            // A proxy would make the connection, to wherever it likes.
            .no_proxy()
            // Each message goes to an address that was looked up and checked for it.
            .pool_max_idle_per_host(0);
        if let Some(guard) = &self.guard {
            client = client.dns_resolver(Arc::clone(guard));
        }
        client.build().map_err(|error| {
            tracing::error!(%error, "webhooks cannot be sent: TLS does not work on this machine");
            "This site cannot make connections. Tell its administrator.".to_owned()
        })
    }

    pub(super) async fn send(&self, message: Message<'_>) -> Outcome {
        let begun = Instant::now();
        let answer = self.exchange(message).await;
        let duration_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        match answer {
            Ok(response) => {
                let status = response.status();
                let retry_after = retry_after_of(&response);
                let excerpt = excerpt_of(response).await;
                Outcome {
                    status: Some(status.as_u16()),
                    duration_ms,
                    response: Some(excerpt).filter(|text| !text.is_empty()),
                    error: error_of(status),
                    retry_after,
                }
            }
            Err(error) => Outcome { duration_ms, error: Some(error), ..Outcome::default() },
        }
    }

    async fn exchange(&self, message: Message<'_>) -> Result<Response, String> {
        let url = Url::parse(message.url).map_err(|_| "The address cannot be read.".to_owned())?;
        // A literal address is connected to without asking the resolver.
        if self.guard.is_some()
            && let Some(host) = url.host()
        {
            check_host(&host).map_err(|error| error.to_string())?;
        }
        self.http()?
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.sent_at.timestamp())
            .header("webhook-signature", message.signatures)
            .body(message.body)
            .send()
            .await
            .map_err(|error| in_words(&error))
    }
}

fn error_of(status: StatusCode) -> Option<String> {
    if status.is_success() {
        None
    } else if status.is_redirection() {
        Some(format!("It answered {}, a redirect. Set the address that it leads to.", status.as_u16()))
    } else {
        Some(format!("It answered {}.", status.as_u16()))
    }
}

fn in_words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    loop {
        if cause.is::<NotPublic>() {
            return cause.to_string();
        }
        match cause.source() {
            Some(next) => cause = next,
            None => break,
        }
    }
    if error.is_timeout() {
        let part = if error.is_connect() { "There was no connection" } else { "There was no answer" };
        let within = if error.is_connect() { CONNECT_WITHIN } else { ANSWER_WITHIN };
        return format!("{part} within {} s.", within.as_secs());
    }
    let root: String =
        cause.to_string().chars().filter(|character| !character.is_control()).take(200).collect();
    if error.is_connect() { format!("No connection: {root}.") } else { format!("No answer: {root}.") }
}

/// Only in seconds, as everybody sends it, and at most an hour.
fn retry_after_of(response: &Response) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(3600);
    let asks = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status());
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    asks.then(|| Duration::from_secs(seconds).min(LONGEST))
}

/// The beginning of a body as plain text, however long it is and however slowly it comes.
async fn excerpt_of(mut response: Response) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < MOST_BODY_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    bytes.extend_from_slice(&chunk[..chunk.len().min(MOST_BODY_BYTES - bytes.len())])
                }
                Ok(None) | Err(_) => break,
            }
        }
    };
    // What has come by then will do.
    let _ = tokio::time::timeout(BODY_WITHIN, reading).await;
    let text: String = String::from_utf8_lossy(&bytes)
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(EXCERPT_CHARACTERS)
        .collect();
    text.trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn message(url: &str) -> Message<'_> {
        let sent_at = DateTime::UNIX_EPOCH;
        Message { url, id: "msg_1".into(), sent_at, body: "{}".into(), signatures: "v1,x".into() }
    }

    /// Counts whoever connects, and answers everybody with `answer`.
    async fn receiver(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, connections) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = socket.read(&mut [0; 4096]).await;
                    let _ = socket.write_all(answer).await;
                    tokio::time::sleep(Duration::from_secs(30)).await;
                });
            }
        });
        (port, connections)
    }

    fn leading_to(addresses: &'static [&'static str]) -> Messenger {
        let asked = AtomicUsize::new(0);
        let resolver = PublicOnly::new(Arc::new(move |_| {
            let which = asked.fetch_add(1, Ordering::SeqCst).min(addresses.len() - 1);
            let found = vec![addresses[which].parse().unwrap()];
            Box::pin(async move { Ok(found) })
        }));
        Messenger::with(SecretKey::new([0; 32]), Some(resolver))
    }

    #[tokio::test]
    async fn nothing_connects_to_this_machine_whatever_a_name_says() {
        let (port, connections) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        for messenger in
            [leading_to(&["127.0.0.1:0"]), leading_to(&["[::1]:0"]), leading_to(&["[::ffff:127.0.0.1]:0"])]
        {
            for _ in 0..2 {
                let outcome = messenger.send(message(&format!("http://rebound.example:{port}/"))).await;
                assert_eq!(outcome.error, Some(NotPublic.to_string()));
            }
            for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1", "0177.0.0.1", "2130706433", "localhost"]
            {
                let outcome = messenger.send(message(&format!("http://{host}:{port}/"))).await;
                assert_eq!(outcome.error, Some(NotPublic.to_string()), "{host}");
            }
        }
        assert_eq!(connections.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn where_private_addresses_are_allowed_they_are_reached() {
        let (port, connections) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nyes\r\n").await;
        let messenger = Messenger::new(SecretKey::new([0; 32]), true);
        let outcome = messenger.send(message(&format!("http://localhost:{port}/"))).await;
        assert_eq!((outcome.status, outcome.error, outcome.response), (Some(200), None, Some("yes".into())));
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_cut_short() {
        let (port, _) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\nthe beginning\x07").await;
        let messenger = Messenger::new(SecretKey::new([0; 32]), true);
        let begun = Instant::now();
        let outcome = messenger.send(message(&format!("http://127.0.0.1:{port}/"))).await;
        assert_eq!((outcome.error, outcome.response), (None, Some("the beginning".into())));
        assert!(begun.elapsed() < BODY_WITHIN * 3);
    }
}

//! A program that webhooks are sent to: keeps what comes, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const POLL: Duration = Duration::from_millis(20);

/// One message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Instant,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// `webhook-id`.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What it tells, such as `video.ready`.
    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Whether the verifier that Standard Webhooks documents accepts it.
    pub fn is_genuine(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(&self.body, &self.headers).is_ok()
    }
}

/// How the next message is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub after: Duration,
    pub body: String,
    pub header: Option<(&'static str, String)>,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self { status, after: Duration::ZERO, body: String::new(), header: None }
    }
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    /// The last one goes for all that follow.
    answers: Mutex<VecDeque<Answer>>,
    /// How many were being answered at the same time, at most and now.
    at_once: Mutex<(usize, usize)>,
}

/// Listens until it is dropped.
pub struct Receiver {
    pub port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Answers 200 to everything.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    pub async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, shared, serving }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// How the next messages are answered, one after the other; the last of them answers all that follow.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        *lock(&self.shared.answers) = answers.into_iter().collect();
    }

    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// The most messages that were being answered at the same time.
    pub fn most_at_once(&self) -> usize {
        lock(&self.shared.at_once).0
    }

    /// Waits until so many have come.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            let events: Vec<String> = received.iter().map(Received::event).collect();
            assert!(
                begun.elapsed() < patience,
                "{} of {count} came in {patience:?}: {events:?}",
                events.len()
            );
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

async fn take(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    lock(&shared.received).push(Received { headers, body, at: Instant::now() });
    {
        let mut at_once = lock(&shared.at_once);
        at_once.1 += 1;
        at_once.0 = at_once.0.max(at_once.1);
    }
    let answer = {
        let mut answers = lock(&shared.answers);
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    };
    let answer = answer.unwrap_or_else(|| Answer::status(200));
    tokio::time::sleep(answer.after).await;
    lock(&shared.at_once).1 -= 1;
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = answer.header {
        headers.insert(name, value.parse().unwrap());
    }
    (StatusCode::from_u16(answer.status).unwrap(), headers, answer.body)
}

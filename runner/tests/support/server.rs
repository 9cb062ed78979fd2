//! A stand-in for the server and its storage: it hands out one job, keeps what is sent, and can be told to
//! misbehave.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kinora_runner::{RunnerConfig, Tools};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What was sent, and what is to be answered.
#[derive(Default)]
pub struct State {
    pub sources: VecDeque<Vec<u8>>,
    /// Name and variables of every operation, in their order.
    pub operations: Vec<(String, Value)>,
    /// Objects by path.
    pub stored: BTreeMap<String, Vec<u8>>,
    /// So many downloads break off in the middle.
    pub broken_downloads: u32,
    pub ranges: Vec<String>,
    /// So many uploads are answered with 500.
    pub failing_uploads: u32,
    pub lease_is_lost: bool,
    /// So long it takes until a runner hears that its job, and its lease with it, has ended.
    pub slow_completion: Duration,
    pub token_is_refused: bool,
    pub current: Vec<u8>,
    pub jobs: u32,
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    pub state: Arc<Mutex<State>>,
}

const OPERATIONS: [&str; 7] =
    ["leaseJob", "renewLease", "signJobOutputs", "publishChunk", "completeJob", "failJob", "reportRunner"];

impl Server {
    pub async fn start(state: State) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), state).await
    }

    pub async fn start_at(address: SocketAddr, state: State) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    /// A runner for this server.
    pub fn runner(&self, work_dir: &Path) -> RunnerConfig {
        config(self.address, work_dir)
    }

    /// Variables of every call of an operation so far.
    pub fn calls(&self, operation: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state
            .operations
            .iter()
            .filter(|(name, _)| name == operation)
            .map(|(_, variables)| variables.clone())
            .collect()
    }

    /// Waits until an operation was called so often.
    pub async fn wait_for(&self, operation: &str, times: usize) {
        let began = Instant::now();
        while self.calls(operation).len() < times {
            let so_far = || {
                self.state.lock().unwrap().operations.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
            };
            assert!(began.elapsed() < Duration::from_secs(120), "no {operation}, only {:?}", so_far());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let header = |name: &str| {
                head.lines().find_map(|line| {
                    let (key, value) = line.split_once(": ")?;
                    key.eq_ignore_ascii_case(name).then(|| value.to_owned())
                })
            };
            let length: usize = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).await.is_err() {
                return;
            }
            let mut line = head.split_whitespace();
            let (method, path) = (line.next().unwrap().to_owned(), line.next().unwrap().to_owned());
            let (status, answer, promised) = match method.as_str() {
                "POST" => {
                    let answer = self.answer(&body);
                    if String::from_utf8_lossy(&body).contains("completeJob") {
                        let pause = self.state.lock().unwrap().slow_completion;
                        tokio::time::sleep(pause).await;
                    }
                    (200, answer, None)
                }
                "PUT" => (self.put(path, body), Vec::new(), None),
                _ if path.starts_with("/source") => self.get(header("range")),
                _ => (404, Vec::new(), None),
            };
            let promised = promised.unwrap_or(answer.len());
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {promised}\r\n\r\n");
            if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(&answer).await.is_err() {
                return;
            }
            if promised != answer.len() {
                return;
            }
        }
    }

    fn get(&self, range: Option<String>) -> (u16, Vec<u8>, Option<usize>) {
        let mut state = self.state.lock().unwrap();
        let from: usize = match &range {
            Some(range) => range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap(),
            None => 0,
        };
        let mut rest = state.current[from..].to_vec();
        let promised = rest.len();
        if state.broken_downloads > 0 {
            state.broken_downloads -= 1;
            rest.truncate(promised / 2);
        }
        state.ranges.extend(range.clone());
        (if range.is_some() { 206 } else { 200 }, rest, Some(promised))
    }

    fn put(&self, path: String, body: Vec<u8>) -> u16 {
        let mut state = self.state.lock().unwrap();
        if state.failing_uploads > 0 {
            state.failing_uploads -= 1;
            return 500;
        }
        state.stored.insert(path, body);
        200
    }

    fn answer(&self, body: &[u8]) -> Vec<u8> {
        let request: Value = serde_json::from_slice(body).unwrap();
        let query = request["query"].as_str().unwrap();
        let operation = OPERATIONS.into_iter().find(|name| query.contains(name)).unwrap();
        let variables = request["variables"].clone();
        // There is one source at a time here, so nothing for the place that only plans.
        if operation == "leaseJob" && variables["kinds"].as_array().unwrap().len() == 1 {
            return json!({ "data": { operation: null } }).to_string().into_bytes();
        }
        let mut state = self.state.lock().unwrap();
        state.operations.push((operation.to_owned(), variables.clone()));
        let error = |code: &str| json!({ "data": null, "errors": [{ "message": "No.", "extensions": { "code": code } }] });
        let data = match operation {
            _ if state.token_is_refused => return error("UNAUTHENTICATED").to_string().into_bytes(),
            "leaseJob" => self.lease(&mut state),
            _ if state.lease_is_lost => return error("LEASE_LOST").to_string().into_bytes(),
            "reportRunner" => json!({ "name": "one" }),
            "renewLease" => json!({ "id": "lease" }),
            "signJobOutputs" => {
                let url = |output: &Value| {
                    let path = format!("/{}/{}/{}", output["kind"], output["rendition"], output["chunk"])
                        .replace('"', "");
                    let mut url = output.clone();
                    url["url"] = json!(format!("http://{}{path}", self.address));
                    url["headers"] = json!([{ "name": "content-type", "value": "video/mp4" }]);
                    url
                };
                variables["outputs"].as_array().unwrap().iter().map(url).collect()
            }
            "completeJob" => {
                state.lease_is_lost = !state.slow_completion.is_zero();
                json!(true)
            }
            _ => json!(true),
        };
        json!({ "data": { operation: data } }).to_string().into_bytes()
    }

    fn lease(&self, state: &mut State) -> Value {
        let Some(source) = state.sources.pop_front() else { return Value::Null };
        let size = source.len();
        state.current = source;
        state.jobs += 1;
        json!({
            "id": format!("job{}", state.jobs), "kind": "PROCESS_VIDEO", "attempt": 1, "lease": { "id": "lease" },
            "videoId": "video", "audioBitrate": 128_000, "maxDurationMs": 3_600_000,
            "source": { "url": format!("http://{}/source?signature=secret", self.address), "size": size },
            // Chunks are for a real server; this one takes whole videos.
            "chunk": null, "durationMs": null, "measuresLoudness": false, "plan": null, "inOnePiece": true,
            "contentKey": null, "publishedKey": null, "rendition": null, "renditions": [],
            "extraLadder": [],
            "ladder": [
                { "codec": "H264", "shortSide": 240, "videoBitrate": 500_000, "preset": "SUPERFAST" },
                { "codec": "H264", "shortSide": 120, "videoBitrate": 200_000, "preset": "SUPERFAST" },
            ],
        })
    }
}

pub fn config(address: SocketAddr, work_dir: &Path) -> RunnerConfig {
    RunnerConfig {
        server: format!("http://{address}").parse().unwrap(),
        token: Some("token".to_owned()),
        name: None,
        state_dir: None,
        jobs: 1,
        once: false,
        wait: None,
        work_dir: work_dir.to_owned(),
        ffmpeg: Tools::find().unwrap(),
        unconfined: false,
        memory_bytes: None,
        patience: Duration::from_secs(3),
    }
}

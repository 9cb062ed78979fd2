//! The receiver that the documentation shows, run as it stands there.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kinora_tests::graphql::Client;
use kinora_tests::receiver::Receiver;
use kinora_tests::served::free_port;
use reqwest::Method;
use url::Url;

use super::{SOON, delivered, send_again, site};

/// The first block of JavaScript of `docs/webhooks.md`.
fn example() -> String {
    let text = std::fs::read_to_string(kinora_tests::repository().join("docs/webhooks.md")).unwrap();
    let (_, rest) = text.split_once("```js\n").expect("the page shows a receiver");
    rest.split_once("```").expect("a block ends").0.to_owned()
}

struct Node {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Node {
    fn start(script: &str, port: u16, secret: &str) -> Self {
        let mut child = Command::new("node")
            .args(["--input-type=module", "--eval", script])
            .env("PORT", port.to_string())
            .env("SECRET", secret)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("make test installs Node");
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, out) = (Arc::clone(&said), child.stdout.take().expect("a pipe was asked for"));
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    async fn says(&self, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            if said.len() >= count {
                return said;
            }
            assert!(begun.elapsed() < SOON, "{said:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_receiver_takes_each_message_once_and_no_forgery() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    // What is sent is seen by a receiver of ours as well, to be forged and played again.
    let port = free_port();
    let (secret, webhook) = ann.webhook(&format!("http://127.0.0.1:{port}/"), &["VIDEO_READY"]).await;
    let node = Node::start(&example(), port, &secret);
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    app.ready_video(&ann, &runner, "Grüße").await;
    let said = node.says(1).await;
    assert!(said[0].starts_with("video.ready Grüße http://127.0.0.1"), "{said:?}");
    let first = delivered(&ann, &webhook).await;
    assert_eq!(first["statusCode"], 204);

    // The same id again: acknowledged, and not acted on.
    send_again(&ann, &first).await.data();
    let again = super::newest(&ann, &webhook, "sent twice", |newest| {
        newest["attempts"] == 2 && newest["state"] == "DELIVERED"
    })
    .await;
    assert_eq!(again["statusCode"], 204);

    // A genuine message, then forgeries of it.
    drop(node);
    let receiver = Receiver::start_on(port).await;
    send_again(&ann, &first).await.data();
    let genuine = receiver.wait_for(1, SOON).await.remove(0);
    drop(receiver);
    let other = free_port();
    let node = Node::start(&example(), other, &secret);
    let client = Client::guest(Url::parse(&format!("http://127.0.0.1:{other}/")).unwrap());
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", other)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let send = |body: Vec<u8>, changed: Option<(&'static str, String)>| {
        let mut request = client.request(Method::POST, "/").body(body);
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let value = match &changed {
                Some((other, value)) if *other == name => value.clone(),
                _ => genuine.header(name).to_owned(),
            };
            request = request.header(name, value);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let body = genuine.body.to_vec();
    assert_eq!(send([&body[..], b" "].concat(), None).await, 401);
    assert_eq!(send(body.clone(), Some(("webhook-id", "msg_2".into()))).await, 401);
    assert_eq!(send(body.clone(), Some(("webhook-signature", "v1,AAAA v2,x".into()))).await, 401);
    assert_eq!(send(body.clone(), Some(("webhook-timestamp", "soon".into()))).await, 401);
    let old = genuine.header("webhook-timestamp").parse::<i64>().unwrap() - 360;
    let verifier = standardwebhooks::Webhook::new(&secret).unwrap();
    let signature = verifier.sign(genuine.id(), old, &body).unwrap();
    let mut request = client.request(Method::POST, "/").body(body.clone());
    for (name, value) in [
        ("webhook-id", genuine.id().to_owned()),
        ("webhook-timestamp", old.to_string()),
        ("webhook-signature", signature),
    ] {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status().as_u16(), 401, "six minutes old");
    assert_eq!(send(body.clone(), None).await, 204);
    assert_eq!(send(body, None).await, 204);
    node.says(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(node.says(1).await.len(), 1, "each message once");
}

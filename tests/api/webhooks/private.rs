//! Nothing but the public internet is connected to, however an address is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kinora_tests::app::TestApp;
use serde_json::json;
use tokio::net::TcpListener;

use super::{tried, update};

/// A port of this machine, on both loopback addresses where there are two, that counts who connects.
async fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, connections) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let mut listeners = vec![listener];
    listeners.extend(TcpListener::bind(("::1", port)).await);
    for listener in listeners {
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    (port, connections)
}

const FORMS: [&str; 30] = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "%31%32%37.0.0.1",
    "①②⑦.⓪.⓪.①",
    "localhost",
    "LocalHost",
    "localhost.",
    "deep.localhost",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[fe80::1]",
    "[fd00::1]",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "[2002:7f00:1::]",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_form_of_a_local_address_is_taken_or_connected_to() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let (port, connections) = listener().await;
    let (_, webhook) = ann.webhook("https://example.org/", &["VIDEO_READY"]).await;
    for host in FORMS {
        let url = format!("http://{host}:{port}/");
        for reply in [
            ann.create_webhook(json!({ "url": url, "events": ["VIDEO_READY"] })).await,
            update(&ann, json!({ "id": webhook["id"], "url": url })).await,
        ] {
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{url}");
            assert_eq!(reply.error()["extensions"]["field"], "url", "{url}");
        }
    }
    // As if each had got past the form: what sends looks again.
    for (index, host) in FORMS.iter().enumerate() {
        app.sql(&format!("UPDATE webhook SET url = 'http://{host}:{port}/'")).await;
        app.sql("DELETE FROM webhook_delivery").await;
        ann.ping(&webhook).await;
        let failed = tried(&ann, &webhook, 1).await;
        assert_eq!(failed["error"], "The address is not on the public internet.", "{index} {host}");
        assert_eq!(failed["state"], "PENDING");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);

    // The listener does hear who comes.
    drop(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// A name that only the resolver knows to be local: this machine's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let Ok(addresses) = tokio::net::lookup_host((name.as_str(), 9)).await else {
        return kinora_tests::skipped("this machine does not know its own name");
    };
    let addresses: Vec<_> = addresses.collect();
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_, webhook) = ann.webhook(&format!("http://{name}:{port}/"), &["VIDEO_READY"]).await;
    ann.ping(&webhook).await;
    let failed = tried(&ann, &webhook, 1).await;
    assert_eq!(failed["error"], "The address is not on the public internet.", "{addresses:?}");
    let heard = tokio::time::timeout(std::time::Duration::from_millis(300), listener.accept()).await;
    assert!(heard.is_err(), "somebody connected");
}

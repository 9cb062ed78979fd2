//! The line to a server, which can be cut, and which counts what goes out by it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

const BLOCK_BYTES: usize = 256 * 1024;

/// A TCP proxy on a port of its own, gone when dropped.
pub struct Line {
    pub port: u16,
    out_bytes: Arc<AtomicU64>,
    open: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Line {
    /// To a server on this port, which need not listen yet.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (open, is_open) = watch::channel(true);
        let out_bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&out_bytes);
        let accepting = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let (mut is_open, counted) = (is_open.clone(), Arc::clone(&counted));
                // A connection that is taken while the line is cut ends at once.
                tokio::spawn(async move {
                    tokio::select! {
                        _ = is_open.wait_for(|open| !open) => {}
                        () = carry(near, port, &counted) => {}
                    }
                });
            }
        });
        Self { port: own, out_bytes, open, accepting }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
    }

    /// What has reached the server's machine so far, headers included.
    pub fn out_bytes(&self) -> u64 {
        self.out_bytes.load(Ordering::Relaxed)
    }

    /// Ends every connection, and every new one, until it is mended.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Until one of the two ends it.
async fn carry(near: TcpStream, port: u16, out_bytes: &AtomicU64) {
    let Ok(far) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else { return };
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let out = async {
        let mut block = vec![0; BLOCK_BYTES];
        while let Ok(length @ 1..) = from_near.read(&mut block).await {
            if to_far.write_all(&block[..length]).await.is_err() {
                return;
            }
            out_bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = out => {}
        _ = tokio::io::copy(&mut from_far, &mut to_near) => {}
    }
}

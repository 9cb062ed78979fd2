//! The line to a store in bad weather: it answers with errors, hangs up, breaks off, or crawls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
pub enum Storm {
    /// An error without a word.
    Status(u16),
    /// The connection ends before anything is said.
    Reset,
    /// It ends after so many bytes of the answer.
    CutAfter(usize),
    /// The answer comes at so many bytes a second.
    Crawl(usize),
}

/// Every kind, one connection after the other.
const STORMS: [Storm; 5] =
    [Storm::Status(500), Storm::Status(503), Storm::Reset, Storm::CutAfter(2_000), Storm::Crawl(4_000)];

/// A TCP proxy on a port of its own, gone when dropped.
pub struct Weather {
    port: u16,
    storms: watch::Sender<bool>,
    struck: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Weather {
    /// Fair at first.
    pub async fn over(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (storms, is_stormy) = watch::channel(false);
        let struck = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&struck);
        let accepting = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let mut is_stormy = is_stormy.clone();
                let storm = is_stormy.borrow_and_update().then(|| {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    STORMS[number % STORMS.len()]
                });
                tokio::spawn(async move {
                    tokio::select! {
                        // What was connected in one weather does not outlast it.
                        _ = is_stormy.changed() => {}
                        () = carry(near, port, storm) => {}
                    }
                });
            }
        });
        Self { port: own, storms, struck, accepting }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
    }

    pub fn storm(&self) {
        self.storms.send_replace(true);
    }

    pub fn calm(&self) {
        self.storms.send_replace(false);
    }

    /// How many connections were struck so far.
    pub fn struck(&self) -> usize {
        self.struck.load(Ordering::Relaxed)
    }
}

impl Drop for Weather {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut near: TcpStream, port: u16, storm: Option<Storm>) {
    let far = || TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)));
    match storm {
        None => {
            if let Ok(mut far) = far().await {
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        }
        Some(Storm::Reset) => {}
        Some(Storm::Status(status)) => {
            let mut request = [0; 16 << 10];
            let _ = near.read(&mut request).await;
            let answer = format!("HTTP/1.1 {status} Storm\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = near.write_all(answer.as_bytes()).await;
            // What is still on its way must not turn the answer into a reset.
            let _ = tokio::time::timeout(Duration::from_millis(200), drain(&mut near)).await;
        }
        Some(Storm::CutAfter(bytes)) => answer_in_part(near, far().await, Some(bytes), usize::MAX).await,
        Some(Storm::Crawl(bytes_per_second)) => {
            answer_in_part(near, far().await, None, bytes_per_second).await;
        }
    }
}

async fn drain(from: &mut (impl AsyncRead + Unpin)) {
    let mut block = vec![0; 64 << 10];
    while let Ok(1..) = from.read(&mut block).await {}
}

async fn answer_in_part(
    near: TcpStream,
    far: std::io::Result<TcpStream>,
    most: Option<usize>,
    bytes_per_second: usize,
) {
    let Ok(far) = far else { return };
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let answer = async {
        let mut left = most.unwrap_or(usize::MAX);
        let mut block = vec![0; bytes_per_second.min(16 << 10)];
        while let Ok(length @ 1..) = from_far.read(&mut block).await {
            let length = length.min(left);
            if to_near.write_all(&block[..length]).await.is_err() {
                return;
            }
            left -= length;
            if left == 0 {
                return;
            }
            if bytes_per_second < usize::MAX {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    };
    tokio::select! {
        () = answer => {}
        _ = tokio::io::copy(&mut from_near, &mut to_far) => {}
    }
}

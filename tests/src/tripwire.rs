//! A line on which a program dies at an exact moment: with the first message of a kind that it sends, just before that
//! is heard, or just after it was heard and before the answer is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use url::Url;

const BLOCK_BYTES: usize = 64 << 10;
/// So much of what went out is remembered, for a message may come in pieces.
const REMEMBERED_BYTES: usize = 64 << 10;

/// What is waited for in what goes out.
#[derive(Debug, Clone, Copy)]
pub enum Sign {
    /// These words.
    Words(&'static str),
    /// The end of a transaction of Postgres in which there were these words.
    Commit(&'static str),
}

/// When the program dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nobody hears what holds the sign.
    Before,
    /// It is heard, and answered; the answer is not heard.
    After,
}

/// Where the line ends.
#[derive(Debug, Clone)]
pub enum Far {
    Port(u16),
    /// A Unix socket.
    Socket(PathBuf),
}

#[derive(Debug, Clone, Copy)]
struct Armed {
    sign: Sign,
    moment: Moment,
    victim: Pid,
}

/// A TCP proxy on a port of its own, gone when dropped.
pub struct Tripwire {
    pub port: u16,
    armed: Arc<Mutex<Option<Armed>>>,
    accepting: JoinHandle<()>,
}

impl Tripwire {
    /// In front of what need not listen yet.
    pub async fn to(far: Far) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&armed);
        let accepting = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let (far, armed) = (far.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match far {
                        Far::Port(port) => {
                            let at = SocketAddr::from(([127, 0, 0, 1], port));
                            if let Ok(far) = TcpStream::connect(at).await {
                                carry(near, far.into_split(), &armed).await;
                            }
                        }
                        Far::Socket(path) => {
                            if let Ok(far) = UnixStream::connect(path).await {
                                carry(near, far.into_split(), &armed).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, armed, accepting }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
    }

    /// From now on the first sign on any connection, also on one that is open already, is the program's end.
    pub fn arm(&self, sign: Sign, moment: Moment, victim: Pid) {
        *lock(&self.armed) = Some(Armed { sign, moment, victim });
    }

    /// Waits until it was the end of the program.
    pub async fn sprung(&self, patience: Duration) {
        let begun = Instant::now();
        loop {
            let Some(armed) = *lock(&self.armed) else { return };
            assert!(begun.elapsed() < patience, "never: {armed:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Tripwire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(armed: &Mutex<Option<Armed>>) -> std::sync::MutexGuard<'_, Option<Armed>> {
    armed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills the victim, once.
fn spring(armed: &Mutex<Option<Armed>>) {
    if let Some(armed) = lock(armed).take() {
        // The program may have been stopped by its test in this moment.
        let _ = kill(armed.victim, Signal::SIGKILL);
    }
}

/// Until one of the two ends it, or the sign comes.
async fn carry(
    near: TcpStream,
    (mut from_far, mut to_far): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    armed: &Mutex<Option<Armed>>,
) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut out, mut back) = (vec![0; BLOCK_BYTES], vec![0; BLOCK_BYTES]);
    let mut said = Vec::new();
    let mut is_heard = false;
    loop {
        tokio::select! {
            read = from_near.read(&mut out) => {
                let Ok(length @ 1..) = read else { return };
                let waiting = *lock(armed);
                let found = match waiting {
                    Some(armed) => {
                        said.extend_from_slice(&out[..length]);
                        let is_in = armed.sign.is_in(&said);
                        forget(&mut said, length);
                        Some(armed).filter(|_| is_in)
                    }
                    None => {
                        said.clear();
                        None
                    }
                };
                match found.map(|armed| armed.moment) {
                    Some(Moment::Before) => return spring(armed),
                    Some(Moment::After) => is_heard = true,
                    None => {}
                }
                if to_far.write_all(&out[..length]).await.is_err() {
                    return;
                }
            }
            read = from_far.read(&mut back) => {
                let Ok(length @ 1..) = read else { return };
                if is_heard {
                    return spring(armed);
                }
                if to_near.write_all(&back[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

const BEGIN: &[u8] = b"BEGIN\0";
const COMMIT: &[u8] = b"COMMIT\0";

/// Drops transactions that are over, and what is too long ago. So many bytes are new.
fn forget(said: &mut Vec<u8>, new: usize) {
    let looked_at = said.len().saturating_sub(new + COMMIT.len());
    if let Some(at) = last(&said[looked_at..], COMMIT) {
        said.drain(..looked_at + at + COMMIT.len());
    }
    said.drain(..said.len().saturating_sub(REMEMBERED_BYTES));
}

impl Sign {
    fn is_in(self, said: &[u8]) -> bool {
        match self {
            Self::Words(words) => last(said, words.as_bytes()).is_some(),
            Self::Commit(words) => {
                let Some(commit) = last(said, COMMIT) else { return false };
                let Some(begin) = last(&said[..commit], BEGIN) else { return false };
                last(&said[begin..commit], words.as_bytes()).is_some()
            }
        }
    }
}

fn last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}

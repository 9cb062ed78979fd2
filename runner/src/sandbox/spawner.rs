//! One thread that starts all programs and never ends before the runner does.
//!
//! "Die with the parent" means the thread that forked, not the process: a program started from a pool of
//! threads would be killed whenever the pool shrinks.

use std::{
    io,
    sync::{LazyLock, mpsc},
    thread,
};

use tokio::{process::Command, runtime::Handle, sync::oneshot};

use super::Process;

struct Order {
    command: Command,
    runtime: Handle,
    answer: oneshot::Sender<io::Result<Process>>,
}

static SPAWNER: LazyLock<Option<mpsc::Sender<Order>>> = LazyLock::new(|| {
    let (orders, queue) = mpsc::channel::<Order>();
    let start = move || {
        for Order { mut command, runtime, answer } in queue {
            let _inside = runtime.enter();
            // Nobody may be waiting any more; then the process is dropped, which kills it and what it started.
            let _ = answer.send(command.spawn().map(Process::new));
        }
    };
    thread::Builder::new().name("spawner".to_owned()).spawn(start).ok().map(|_| orders)
});

/// Starts a program from the long-lived thread.
pub async fn spawn(command: Command) -> io::Result<Process> {
    let (answer, process) = oneshot::channel();
    let order = Order { command, runtime: Handle::current(), answer };
    let gone = || io::Error::other("the thread that starts programs is gone");
    let spawner = SPAWNER.as_ref().ok_or_else(gone)?;
    spawner.send(order).map_err(|_| gone())?;
    process.await.map_err(|_| gone())?
}

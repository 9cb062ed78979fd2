//! Subscriptions, all over one websocket that opens with the first of them and closes after the last.
//!
//! A lost connection is opened again with growing pauses, and every running subscription is sent again: each of
//! the server's subscriptions begins with the current value, so nothing is missed. The protocol is small, so it
//! is spoken here directly; the client crates bring a timer, an executor and three channels for the same.

mod link;
mod protocol;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use cynic::StreamingOperation;
use futures::{
    Stream, StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
};
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use self::{
    link::{Link, LinkEvent},
    protocol::Incoming,
};
use super::{
    error::ApiError,
    http::{data_of, read},
};

/// How long the socket stays open with nothing to carry.
const IDLE_MS: u32 = 5_000;
/// How often this side asks whether the other is still there, and how long it may take to say so.
const PING_EVERY_MS: u32 = 25_000;
const PONG_WITHIN_MS: u32 = 10_000;
/// The server closes a socket with more subscriptions than this: the others wait until one of them ends.
const OPERATIONS_AT_ONCE: usize = 20;

thread_local! {
    static SOCKET: Socket = Socket::default();
}

/// Starts a subscription. The stream ends when the server completes it or refuses it (the last item is then the
/// error); dropping the stream ends it at the server.
pub fn subscribe<Data, Variables>(
    operation: StreamingOperation<Data, Variables>,
) -> impl Stream<Item = Result<Data, ApiError>> + Unpin
where
    Data: DeserializeOwned + 'static,
    Variables: Serialize,
{
    let payload = serde_json::to_string(&operation).unwrap_or_default();
    SOCKET.with(|socket| socket.start(payload)).map(|event| match event {
        Ok(payload) => data_of(payload, 200).and_then(read),
        Err(error) => Err(error),
    })
}

/// The page's websocket.
#[derive(Clone, Default)]
pub struct Socket(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    link: Option<Link>,
    acknowledged: bool,
    /// Counts links, so that an event of an old one is known for what it is.
    generation: u32,
    attempts: u32,
    heard: bool,
    next_id: u32,
    operations: BTreeMap<u32, Running>,
}

struct Running {
    payload: String,
    is_sent: bool,
    sender: UnboundedSender<Result<Value, ApiError>>,
}

/// The receiving end of one subscription.
struct Subscription {
    id: u32,
    socket: Socket,
    receiver: UnboundedReceiver<Result<Value, ApiError>>,
}

impl Stream for Subscription {
    type Item = Result<Value, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_next_unpin(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.socket.stop(self.id);
    }
}

impl Socket {
    /// Opens the connection anew, as whoever the cookie now names. Called after logging in or out.
    pub fn reconnect() {
        SOCKET.with(|socket| {
            socket.close();
            if !socket.0.borrow().operations.is_empty() {
                socket.open();
            }
        });
    }

    fn start(&self, payload: String) -> Subscription {
        let (sender, receiver) = unbounded();
        let mut state = self.0.borrow_mut();
        state.next_id += 1;
        let id = state.next_id;
        state.operations.insert(id, Running { payload, is_sent: false, sender });
        state.send_waiting();
        let must_open = state.link.is_none() && state.operations.len() == 1;
        drop(state);
        if must_open {
            self.open();
        }
        Subscription { id, socket: self.clone(), receiver }
    }

    fn stop(&self, id: u32) {
        let mut state = self.0.borrow_mut();
        if state.operations.remove(&id).is_some_and(|running| running.is_sent) {
            state.say(&protocol::complete(&id.to_string()));
            state.send_waiting();
        }
        let (empty, generation) = (state.operations.is_empty(), state.generation);
        drop(state);
        if empty {
            let socket = self.clone();
            spawn_local(async move {
                TimeoutFuture::new(IDLE_MS).await;
                let idle = {
                    let state = socket.0.borrow();
                    state.operations.is_empty() && state.generation == generation
                };
                if idle {
                    socket.close();
                }
            });
        }
    }

    /// Lets the link go, if there is one; its later events no longer count.
    fn close(&self) {
        let mut state = self.0.borrow_mut();
        state.generation += 1;
        state.acknowledged = false;
        state.link = None;
        for running in state.operations.values_mut() {
            running.is_sent = false;
        }
    }

    fn open(&self) {
        let mut state = self.0.borrow_mut();
        state.generation += 1;
        state.acknowledged = false;
        let generation = state.generation;
        let (sender, mut events) = unbounded();
        let Some(link) = Link::open("/graphql/ws", protocol::SUB_PROTOCOL, sender) else {
            drop(state);
            self.open_later(generation);
            return;
        };
        state.link = Some(link);
        drop(state);
        let socket = self.clone();
        // Events are handled here and not in the browser's callbacks, so that a link is never dropped from
        // within one of its own.
        spawn_local(async move {
            while let Some(event) = events.next().await {
                if socket.0.borrow().generation != generation {
                    return;
                }
                match event {
                    LinkEvent::Open => socket.0.borrow().say(&protocol::init()),
                    LinkEvent::Text(text) => socket.receive(&text, generation),
                    LinkEvent::Closed => {
                        socket.close();
                        let generation = socket.0.borrow().generation;
                        socket.open_later(generation);
                        return;
                    }
                }
            }
        });
    }

    fn open_later(&self, generation: u32) {
        let socket = self.clone();
        let attempt = self.0.borrow().attempts;
        self.0.borrow_mut().attempts = attempt.saturating_add(1);
        spawn_local(async move {
            TimeoutFuture::new(protocol::back_off_ms(attempt, js_sys::Math::random())).await;
            let wanted = {
                let state = socket.0.borrow();
                state.generation == generation && !state.operations.is_empty()
            };
            if wanted {
                socket.open();
            }
        });
    }

    fn receive(&self, text: &str, generation: u32) {
        let mut state = self.0.borrow_mut();
        state.heard = true;
        match protocol::read(text) {
            Some(Incoming::Acknowledged) => {
                state.acknowledged = true;
                state.send_waiting();
                drop(state);
                self.keep_alive(generation);
            }
            Some(Incoming::Ping) => state.say(&protocol::pong()),
            Some(Incoming::Next { id, payload }) => state.tell(&id, Ok(payload)),
            Some(Incoming::Error { id, errors }) => {
                let error = errors.first().map_or_else(|| ApiError::unexpected(0), ApiError::from_json);
                state.tell(&id, Err(error));
                state.forget(&id);
            }
            Some(Incoming::Complete { id }) => state.forget(&id),
            Some(Incoming::Pong) | None => {}
        }
    }

    /// Asks now and then whether the server is still there: a laptop that slept keeps a socket that nobody hears.
    fn keep_alive(&self, generation: u32) {
        let socket = self.clone();
        spawn_local(async move {
            loop {
                TimeoutFuture::new(PING_EVERY_MS).await;
                if socket.0.borrow().generation != generation {
                    return;
                }
                socket.0.borrow_mut().heard = false;
                socket.0.borrow().say(&protocol::ping());
                TimeoutFuture::new(PONG_WITHIN_MS).await;
                let (same, heard) = {
                    let state = socket.0.borrow();
                    (state.generation == generation, state.heard)
                };
                if same && !heard {
                    socket.close();
                    let generation = socket.0.borrow().generation;
                    socket.open_later(generation);
                }
                if !same || !heard {
                    return;
                }
                // A server that greets and hangs up is not one that is back.
                socket.0.borrow_mut().attempts = 0;
            }
        });
    }
}

impl State {
    fn say(&self, text: &str) {
        if let Some(link) = &self.link {
            link.send(text);
        }
    }

    /// Sends what has not been sent, oldest first, as far as the server takes it.
    fn send_waiting(&mut self) {
        let Self { link: Some(link), acknowledged: true, operations, .. } = self else { return };
        let sent = operations.values().filter(|running| running.is_sent).count();
        let waiting = operations.iter_mut().filter(|(_, running)| !running.is_sent);
        for (id, running) in waiting.take(OPERATIONS_AT_ONCE.saturating_sub(sent)) {
            link.send(&protocol::subscribe(&id.to_string(), &running.payload));
            running.is_sent = true;
        }
    }

    fn tell(&self, id: &str, event: Result<Value, ApiError>) {
        if let Some(running) = id.parse().ok().and_then(|id: u32| self.operations.get(&id)) {
            // The receiver may have gone a moment ago; its own end is then on its way.
            let _ = running.sender.unbounded_send(event);
        }
    }

    /// Drops the sender, which ends the stream.
    fn forget(&mut self, id: &str) {
        if let Ok(id) = id.parse::<u32>() {
            self.operations.remove(&id);
            self.send_waiting();
        }
    }
}

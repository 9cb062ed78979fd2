//! `GET /graphql/ws`: subscriptions over graphql-transport-ws.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::{
    Data,
    http::{WebSocketProtocols, WsMessage},
};
use axum::{
    Extension,
    extract::{
        ConnectInfo, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{SinkExt, StreamExt, future};
use serde::Deserialize;
use tokio::{
    sync::{broadcast::error::RecvError, oneshot},
    time::Instant,
};

use super::{
    GuardedExecutor, RequestScope, http::bearer_token, origin::is_same_origin, sockets::SocketPlace,
};
use crate::{
    account::{ClientAddress, CookieSettings, Credentials, Requester, authenticate, session_token_of},
    app::{App, SharedApp},
    error::Error,
    events::Event,
    schema::Schema,
};

const LARGEST_MESSAGE_BYTES: usize = 64 * 1024;
const INIT_WITHIN: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(20);
const OPERATIONS_AT_ONCE: usize = 20;
/// An end of session that no event told of is noticed after this long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(4);

/// Close codes of graphql-transport-ws.
const FORBIDDEN: u16 = 4403;
const INIT_TIMEOUT: u16 = 4408;
const TOO_MANY: u16 = 4429;

/// Opens a socket. A cookie counts only from a page of this site; other clients send a bearer token
/// as a header or in `connection_init` as `authorization`.
pub async fn graphql_socket(
    State(app): State<SharedApp>,
    Extension(schema): Extension<Schema>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let cookie = session_token_of(&headers, CookieSettings::new(&app.config));
    let origin_is_foreign = headers.contains_key(header::ORIGIN) && !is_same_origin(&headers, &app.config);
    if origin_is_foreign || (cookie.is_some() && !is_same_origin(&headers, &app.config)) {
        return (StatusCode::FORBIDDEN, "This page may not open a socket here.").into_response();
    }
    let address = ClientAddress::of(peer, &headers);
    let Some(place) = app.sockets.for_address(address) else {
        return (StatusCode::TOO_MANY_REQUESTS, "Too many open sockets from this address.").into_response();
    };
    let credentials = match (bearer_token(&headers), cookie) {
        (Some(token), _) => Credentials::Bearer(token),
        (None, Some(token)) => Credentials::Cookie(token),
        (None, None) => Credentials::None,
    };
    let audience = app.audience_of(headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let scope = RequestScope { requester: Requester::Guest, address, audience };
    upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(LARGEST_MESSAGE_BYTES)
        .max_frame_size(LARGEST_MESSAGE_BYTES)
        .on_upgrade(move |socket| serve(app, schema, scope, credentials, place, socket))
}

#[derive(Deserialize)]
struct InitPayload {
    authorization: Option<String>,
}

async fn serve(
    app: SharedApp,
    schema: Schema,
    mut scope: RequestScope,
    credentials: Credentials,
    _place: SocketPlace,
    mut socket: WebSocket,
) {
    let Some((first, payload)) = first_message(&mut socket).await else {
        return close(socket, INIT_TIMEOUT, "Connection initialisation timeout").await;
    };
    let credentials = match payload.and_then(|payload| payload.authorization) {
        Some(text) => Credentials::Bearer(text.trim_start_matches("Bearer ").trim().to_owned()),
        None => credentials,
    };
    scope.requester = match authenticate(&app, &credentials).await {
        Ok(requester) => requester,
        Err(_) => return close(socket, FORBIDDEN, "Forbidden").await,
    };
    let user_place = scope.requester.user_id().map(|user| app.sockets.for_user(user));
    if matches!(user_place, Some(None)) {
        return close(socket, TOO_MANY, "Too many open sockets").await;
    }
    let requester = scope.requester.clone();
    let executor = GuardedExecutor { app: SharedApp::clone(&app), schema, scope };
    tokio::select! {
        () = relay(socket, first, executor) => {}
        () = log_in_ended(&app, &credentials, &requester) => {}
        () = app.stop.cancelled() => {}
    }
    // Dropping the socket closes it; a revoked client is not waited for.
}

/// Waits for `connection_init`, which must come first and in time.
async fn first_message(socket: &mut WebSocket) -> Option<(Message, Option<InitPayload>)> {
    #[derive(Deserialize)]
    struct Init {
        #[serde(rename = "type")]
        kind: String,
        payload: Option<InitPayload>,
    }
    let message = tokio::time::timeout(INIT_WITHIN, async {
        loop {
            match socket.recv().await? {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => return Some(message),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    })
    .await
    .ok()??;
    let init: Init = serde_json::from_slice(&message.clone().into_data()).ok()?;
    (init.kind == "connection_init").then_some((message, init.payload))
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    // Best effort: the other side may be gone.
    drop(socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await);
}

/// Passes messages both ways until either side ends.
async fn relay(socket: WebSocket, first: Message, executor: GuardedExecutor) {
    let (mut sink, stream) = socket.split();
    let (too_many, mut told_too_many) = oneshot::channel();
    let open = OpenOperations::default();
    let mut limit = OperationLimit { open: open.clone(), told: Some(too_many) };
    let incoming = futures::stream::once(future::ready(Ok(first)))
        .chain(stream)
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok()))
        .filter(|message| future::ready(matches!(message, Message::Text(_) | Message::Binary(_))))
        .map(Message::into_data)
        .take_while(move |data| future::ready(limit.admits(data)));
    let protocol = async_graphql::http::WebSocket::new(executor, incoming, WebSocketProtocols::GraphQLWS)
        .connection_data(Data::default())
        .keepalive_timeout(None);
    let mut protocol = std::pin::pin!(protocol);
    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    loop {
        let message = tokio::select! {
            message = protocol.next() => match message {
                Some(WsMessage::Text(text)) => {
                    open.forget_ended(&text);
                    Message::Text(text.into())
                }
                Some(WsMessage::Close(code, reason)) => Message::Close(Some(CloseFrame { code, reason: reason.into() })),
                None => break,
            },
            _ = ping.tick() => Message::Ping(Vec::new().into()),
        };
        let last = matches!(message, Message::Close(_));
        // A peer that does not read for long is gone.
        let sent = tokio::time::timeout(PING_EVERY, sink.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    if told_too_many.try_recv().is_ok() {
        let frame = CloseFrame { code: TOO_MANY, reason: "Too many operations on one socket".into() };
        drop(sink.send(Message::Close(Some(frame))).await);
    }
}

/// What matters here of a message of either side.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

/// The operations of a socket that have not ended.
#[derive(Clone, Default)]
struct OpenOperations(Arc<Mutex<HashSet<String>>>);

impl OpenOperations {
    fn with<T>(&self, work: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes note of an operation that the server ends.
    fn forget_ended(&self, message: &str) {
        if let Ok(Envelope { kind, id: Some(id) }) = serde_json::from_str(message)
            && matches!(kind.as_str(), "complete" | "error")
        {
            self.with(|open| open.remove(&id));
        }
    }
}

/// Counts the operations that a client has open.
struct OperationLimit {
    open: OpenOperations,
    told: Option<oneshot::Sender<()>>,
}

impl OperationLimit {
    fn admits(&mut self, data: &[u8]) -> bool {
        // What does not parse is refused by the protocol itself.
        let Ok(Envelope { kind, id: Some(id) }) = serde_json::from_slice(data) else { return true };
        let count = self.open.with(|open| {
            match kind.as_str() {
                // The library takes the names of the older protocol as well.
                "subscribe" | "start" => drop(open.insert(id)),
                "complete" | "stop" => drop(open.remove(&id)),
                _ => {}
            }
            open.len()
        });
        if count > OPERATIONS_AT_ONCE {
            if let Some(told) = self.told.take() {
                // Nobody waits any more: the socket is gone already.
                let _ = told.send(());
            }
            return false;
        }
        true
    }
}

/// Comes back when what opened a socket is no longer good: a log-in that ended, a token that was revoked,
/// an account that was disabled. Never for a guest.
async fn log_in_ended(app: &App, credentials: &Credentials, requester: &Requester) {
    if matches!(requester, Requester::Guest) {
        return future::pending().await;
    }
    let user = requester.user_id();
    let session =
        requester.viewer().ok().and_then(|viewer| viewer.session.as_ref()).map(|session| session.id);
    let mut events = app.events.subscribe();
    let mut look_again_at = Instant::now() + LOOK_AGAIN_AFTER;
    loop {
        match tokio::time::timeout_at(look_again_at, events.recv()).await {
            Ok(Ok(Event::SessionEnded(ended))) if Some(ended) == session => return,
            Ok(Ok(Event::UserEnded(ended))) if Some(ended) == user => return,
            Ok(Ok(_)) => continue,
            Ok(Err(RecvError::Closed)) => return,
            // Time is up or events were lost: look again.
            Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
        }
        // A database that is away ends no socket.
        if matches!(
            authenticate(app, credentials).await,
            Ok(Requester::Guest) | Err(Error::Unauthenticated(_))
        ) {
            return;
        }
        look_again_at = Instant::now() + LOOK_AGAIN_AFTER;
    }
}

//! Subscriptions over `graphql-transport-ws`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::graphql::Client;

const PATIENCE: Duration = Duration::from_secs(20);

/// One open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
}

/// How the server ended a socket, or that it did not.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    Closed(Option<u16>),
    StillOpen,
}

impl Socket {
    /// Connects with the client's headers and says hello. A refused upgrade is its HTTP status; a hello that ends the
    /// socket is 401.
    pub async fn open(client: &Client) -> Result<Self, StatusCode> {
        let mut socket = Self::connect(client).await?;
        socket.say(json!({ "type": "connection_init", "payload": {} })).await;
        let Some(hello) = socket.hear().await else { return Err(StatusCode::UNAUTHORIZED) };
        assert_eq!(hello["type"], "connection_ack", "{hello}");
        Ok(socket)
    }

    /// Connects and says nothing.
    pub async fn connect(client: &Client) -> Result<Self, StatusCode> {
        let mut url = client.base().join("/graphql/ws").unwrap();
        url.set_scheme("ws").unwrap();
        let mut request = url.as_str().into_client_request().unwrap();
        for (name, value) in client.headers() {
            request.headers_mut().insert(
                HeaderName::from_bytes(name.as_str().as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        request
            .headers_mut()
            .insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self { stream, next_id: 0 }),
            Err(Error::Http(response)) => Err(StatusCode::from_u16(response.status().as_u16()).unwrap()),
            Err(error) => panic!("the socket did not open: {error}"),
        }
    }

    pub async fn say(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Starts a subscription and gives its id.
    pub async fn subscribe(&mut self, document: &str, variables: Value) -> String {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let payload = json!({ "query": document, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
        id
    }

    /// The next message of the protocol, pings left out; nothing when the socket ended.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            let next =
                tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a message within 20 s");
            match next? {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    match message["type"].as_str() {
                        Some("ping") => self.say(json!({ "type": "pong" })).await,
                        Some("pong") => {}
                        _ => return Some(message),
                    }
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next value of a subscription; anything else fails the test.
    pub async fn value(&mut self) -> Value {
        let mut message = self.hear().await.expect("the socket is open");
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].take()
    }

    /// The code with which the server refused the subscription, whichever of the two ways it took.
    pub async fn refusal(&mut self) -> String {
        let message = self.hear().await.expect("the socket is open");
        let errors = match message["type"].as_str() {
            Some("error") => &message["payload"],
            _ => &message["payload"]["errors"],
        };
        errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no refusal: {message}")).to_owned()
    }

    /// Waits until the server closes the socket.
    pub async fn ended_within(&mut self, patience: Duration) -> Ended {
        let closing = async {
            loop {
                match self.stream.next().await {
                    None | Some(Err(_)) => return Ended::Closed(None),
                    Some(Ok(Message::Close(frame))) => {
                        return Ended::Closed(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(patience, closing).await.unwrap_or(Ended::StillOpen)
    }
}

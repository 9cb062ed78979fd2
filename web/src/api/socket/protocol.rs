//! The messages of the `graphql-transport-ws` protocol, and how long to wait before connecting again.

use serde::Deserialize;
use serde_json::Value;

/// The sub-protocol to ask for in the upgrade.
pub const SUB_PROTOCOL: &str = "graphql-transport-ws";

/// What the server says.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    Acknowledged,
    Ping,
    Pong,
    /// One result, shaped like the answer to a query.
    Next {
        id: String,
        payload: Value,
    },
    /// The operation ended before its first result.
    Error {
        id: String,
        errors: Vec<Value>,
    },
    Complete {
        id: String,
    },
}

#[derive(Deserialize)]
struct Frame {
    r#type: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    payload: Value,
}

/// Reads a message; `None` for one that this protocol does not have.
pub fn read(text: &str) -> Option<Incoming> {
    let Frame { r#type, id, payload } = serde_json::from_str(text).ok()?;
    match r#type.as_str() {
        "connection_ack" => Some(Incoming::Acknowledged),
        "ping" => Some(Incoming::Ping),
        "pong" => Some(Incoming::Pong),
        "next" => Some(Incoming::Next { id, payload }),
        "error" => {
            let errors = match payload {
                Value::Array(errors) => errors,
                other => vec![other],
            };
            Some(Incoming::Error { id, errors })
        }
        "complete" => Some(Incoming::Complete { id }),
        _ => None,
    }
}

/// The first message after the upgrade.
pub fn init() -> String {
    r#"{"type":"connection_init"}"#.to_owned()
}

/// Begins an operation; `payload` is the JSON of the operation itself.
pub fn subscribe(id: &str, payload: &str) -> String {
    format!(r#"{{"type":"subscribe","id":"{id}","payload":{payload}}}"#)
}

/// Ends an operation from this side.
pub fn complete(id: &str) -> String {
    format!(r#"{{"type":"complete","id":"{id}"}}"#)
}

pub fn ping() -> String {
    r#"{"type":"ping"}"#.to_owned()
}

pub fn pong() -> String {
    r#"{"type":"pong"}"#.to_owned()
}

/// Waits 0.5 s, then twice as long each time up to 30 s, spread by ±20 % so that a restarted server is not met
/// by every page at once. `random` is in 0 to 1.
pub fn back_off_ms(attempt: u32, random: f64) -> u32 {
    let base = 500_u32.saturating_mul(1 << attempt.min(6)).min(30_000);
    (f64::from(base) * (0.8 + 0.4 * random)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_each_kind() {
        assert_eq!(read(r#"{"type":"connection_ack"}"#), Some(Incoming::Acknowledged));
        assert_eq!(read(r#"{"type":"ping","payload":{}}"#), Some(Incoming::Ping));
        assert_eq!(
            read(r#"{"type":"next","id":"3","payload":{"data":1}}"#),
            Some(Incoming::Next { id: "3".into(), payload: json!({"data": 1}) })
        );
        assert_eq!(
            read(r#"{"type":"error","id":"3","payload":[{"message":"no"}]}"#),
            Some(Incoming::Error { id: "3".into(), errors: vec![json!({"message": "no"})] })
        );
        assert_eq!(read(r#"{"type":"complete","id":"3"}"#), Some(Incoming::Complete { id: "3".into() }));
        assert_eq!(read(r#"{"type":"data"}"#), None);
        assert_eq!(read("not json"), None);
    }

    #[test]
    fn a_subscription_is_valid_json() {
        let message: Value =
            serde_json::from_str(&subscribe("1", r#"{"query":"subscription{a}"}"#)).unwrap_or_default();
        assert_eq!(message["payload"]["query"], "subscription{a}");
        assert_eq!(message["id"], "1");
    }

    #[test]
    fn waits_longer_each_time_and_never_over_36_seconds() {
        assert_eq!(back_off_ms(0, 0.5), 500);
        assert_eq!(back_off_ms(1, 0.5), 1000);
        assert_eq!(back_off_ms(60, 0.5), 30_000);
        assert_eq!(back_off_ms(60, 1.0), 36_000);
        assert_eq!(back_off_ms(0, 0.0), 400);
    }
}

//! `jobAvailable` over graphql-transport-ws: how a runner learns of work without asking.

use std::time::Duration;

use cynic::SubscriptionBuilder;
use futures::StreamExt;
use graphql_ws_client::Client;
use tokio_tungstenite::tungstenite::{
    self,
    client::IntoClientRequest,
    http::{HeaderValue, header},
};

use super::{
    Api, ApiError, KINDS,
    operations::{KindsVariables, WatchJobs},
};

/// Connecting, upgrading and `connection_init` together must not take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// A silent connection is pinged this often; three pings without an answer end it.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

impl Api {
    /// Calls `on_waiting` whenever the server says that jobs are waiting, until the connection ends.
    ///
    /// Returns why it ended; the caller connects again.
    pub async fn watch_jobs(&self, mut on_waiting: impl FnMut()) -> Result<(), ApiError> {
        let subscribe = async {
            let (socket, _) =
                tokio_tungstenite::connect_async(self.upgrade_request()?).await.map_err(refusal)?;
            Client::build(socket)
                .payload(serde_json::json!({ "authorization": self.authorization() }))
                .map_err(broken)?
                .keep_alive_interval(KEEP_ALIVE)
                .subscribe(WatchJobs::build(KindsVariables { kinds: KINDS.to_vec() }))
                .await
                .map_err(broken)
        };
        let mut events = tokio::time::timeout(CONNECT_TIMEOUT, subscribe)
            .await
            .map_err(|_| ApiError::Unreachable("the websocket did not open in time".to_owned()))??;
        tracing::debug!("listening for jobs");
        while let Some(event) = events.next().await {
            let answer = event.map_err(broken)?;
            if answer.data.is_some_and(|data| data.job_available.waiting > 0) {
                on_waiting();
            }
        }
        Err(ApiError::Unreachable("the websocket was closed".to_owned()))
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token.as_deref().unwrap_or_default())
    }

    fn upgrade_request(&self) -> Result<tungstenite::handshake::client::Request, ApiError> {
        let mut url = self.endpoint.clone();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        // Both pairs are "special" schemes, between which a URL may be switched.
        let _ = url.set_scheme(scheme);
        url.set_path(&format!("{}/ws", self.endpoint.path()));
        let mut request = url.as_str().into_client_request().map_err(refusal)?;
        let bearer = HeaderValue::from_str(&self.authorization()).map_err(|_| ApiError::TokenRefused {
            code: "UNAUTHENTICATED",
            message: "it holds characters that no token has".to_owned(),
        })?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-transport-ws"));
        Ok(request)
    }
}

fn refusal(error: tungstenite::Error) -> ApiError {
    // Only the HTTP endpoint decides about the token: a proxy may well answer an upgrade with 403.
    ApiError::Unreachable(error.to_string())
}

fn broken(error: graphql_ws_client::Error) -> ApiError {
    ApiError::Unreachable(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    #[test]
    fn the_websocket_lives_beside_the_endpoint_and_carries_the_token() {
        crate::install_crypto();
        let api = Api::new(&"https://video.example/".parse().unwrap(), "t0k", reqwest::Client::new());
        assert_eq!(api.endpoint.as_str(), "https://video.example/graphql");
        let request = api.upgrade_request().unwrap();
        assert_eq!(request.uri(), "wss://video.example/graphql/ws");
        assert_eq!(request.headers()["authorization"], "Bearer t0k");
        assert_eq!(request.headers()["sec-websocket-protocol"], "graphql-transport-ws");
    }
}

//! One request: a GraphQL operation as JSON by `fetch`, with the cookie of this origin.

use cynic::Operation;
use futures::future::LocalBoxFuture;
use leptos::prelude::window;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCredentials, RequestInit, Response};

use super::error::ApiError;

/// Sends a query or mutation and gives its data. Dropping the future aborts the request.
///
/// # Errors
/// The first entry of the answer's `errors`, or `Offline` when there was no answer.
pub async fn send<Data, Variables>(operation: Operation<Data, Variables>) -> Result<Data, ApiError>
where
    Data: DeserializeOwned,
    Variables: Serialize,
{
    let body = serde_json::to_string(&operation).map_err(|_| ApiError::unexpected(0))?;
    // All that does not depend on the types is behind one pointer: this function is compiled once an operation.
    read(exchange(body, WhenLeft::Ends).await?)
}

/// The same for what must arrive even if the page is left meanwhile. For short ones: browsers take 64 KiB of
/// all such requests of a page at a time.
///
/// # Errors
/// As [`send`].
pub async fn send_to_the_end<Data, Variables>(operation: Operation<Data, Variables>) -> Result<Data, ApiError>
where
    Data: DeserializeOwned,
    Variables: Serialize,
{
    let body = serde_json::to_string(&operation).map_err(|_| ApiError::unexpected(0))?;
    read(exchange(body, WhenLeft::GoesOn).await?)
}

/// What becomes of a request when its page is left.
#[derive(Clone, Copy, PartialEq)]
enum WhenLeft {
    Ends,
    /// `keepalive` of the Fetch standard.
    GoesOn,
}

/// Reads the `data` of an answer.
pub(super) fn read<Data: DeserializeOwned>(data: Value) -> Result<Data, ApiError> {
    serde_json::from_value(data).map_err(|_| ApiError::unexpected(0))
}

/// Takes the `data` out of a GraphQL answer, or the first of its errors.
pub(super) fn data_of(mut answer: Value, status: u16) -> Result<Value, ApiError> {
    if let Some(error) = answer.get("errors").and_then(|errors| errors.get(0)) {
        return Err(ApiError::from_json(error));
    }
    match answer.get_mut("data").map(Value::take) {
        Some(Value::Null) | None => Err(ApiError::unexpected(status)),
        Some(data) => Ok(data),
    }
}

fn exchange(body: String, when_left: WhenLeft) -> LocalBoxFuture<'static, Result<Value, ApiError>> {
    Box::pin(async move {
        let (status, text) = post("/graphql", &body, when_left).await?;
        let answer = serde_json::from_str(&text).map_err(|_| ApiError::unexpected(status))?;
        data_of(answer, status)
    })
}

struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

async fn post(path: &str, body: &str, when_left: WhenLeft) -> Result<(u16, String), ApiError> {
    let mut guard = AbortOnDrop(AbortController::new().ok());
    let response = request(path, body, when_left, guard.0.as_ref()).await.map_err(|_| ApiError::offline())?;
    let text = JsFuture::from(response.text().map_err(|_| ApiError::offline())?)
        .await
        .ok()
        .and_then(|text| text.as_string())
        .ok_or_else(ApiError::offline)?;
    guard.0 = None;
    Ok((response.status(), text))
}

async fn request(
    path: &str,
    body: &str,
    when_left: WhenLeft,
    abort: Option<&AbortController>,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("accept", "application/graphql-response+json, application/json")?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(body));
    if when_left == WhenLeft::GoesOn {
        js_sys::Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::TRUE)?;
    }
    init.set_signal(abort.map(AbortController::signal).as_ref());
    JsFuture::from(window().fetch_with_str_and_init(path, &init)).await?.dyn_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Result<Value, ApiError> {
        data_of(serde_json::from_str(text).map_err(|_| ApiError::offline())?, 200)
    }

    #[test]
    fn data_without_errors_is_the_answer() {
        assert_eq!(data(r#"{"data": 7}"#).and_then(read::<u32>), Ok(7));
    }

    #[test]
    fn an_error_wins_over_null_data() {
        let error = data(r#"{"data": null, "errors": [{"message": "no"}]}"#);
        assert_eq!(error.map_err(|error| error.message), Err("no".to_owned()));
    }

    #[test]
    fn neither_data_nor_errors_is_unexpected() {
        assert!(data("{}").is_err());
        assert!(data("[]").is_err());
    }
}

//! `POST /graphql`.

use std::net::SocketAddr;

use async_graphql::{Request, Response as GraphQlResponse};
use axum::{
    Extension,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use super::{
    context::RequestScope,
    guard::{guard, refuse},
    origin::is_same_origin,
};
use crate::{
    account::{self, ClientAddress, CookieSettings, Credentials, Requester, authenticate, session_token_of},
    app::{App, SharedApp},
    error::Error,
    schema::Schema,
};

/// A guest asks small questions.
const GUEST_BODY_BYTES: usize = 64 * 1024;
/// What is too large is read up to here and thrown away: a client that is cut off while it sends does
/// not see the answer.
const LONGEST_READ_BYTES: usize = 16 * 1024 * 1024;
/// A completion may list 10,000 ETags.
const MEMBER_BODY_BYTES: usize = 1024 * 1024;

/// Runs one operation. JSON only, no batches; a cookie counts only from a page of this site.
pub async fn post_graphql(
    State(app): State<SharedApp>,
    Extension(schema): Extension<Schema>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match answer(&app, &schema, peer, &headers, body).await {
        Ok(response) => response,
        Err((status, response)) => reply(status, *response),
    }
}

type Refused = (StatusCode, Box<GraphQlResponse>);

fn refused(status: StatusCode, code: &str, message: &str) -> Refused {
    (status, Box::new(refuse(code, message)))
}

fn failed(error: Error) -> Refused {
    let status = match &error {
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let error = async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
    (status, Box::new(GraphQlResponse::from_errors(vec![error])))
}

async fn answer(
    app: &SharedApp,
    schema: &Schema,
    peer: SocketAddr,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    if !is_json(headers) {
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BAD_USER_INPUT",
            "Send the operation as application/json.",
        ));
    }
    let credentials = credentials_of(app, headers)?;
    let requester = authenticate(app, &credentials).await.map_err(failed)?;
    let limit = if matches!(requester, Requester::Guest) { GUEST_BODY_BYTES } else { MEMBER_BODY_BYTES };
    let request = read(body, limit).await.map_err(|refusal| match (&credentials, &requester) {
        // What is too large for a guest is not for whoever they were: a long completion goes on after a log-in.
        (Credentials::Cookie(_) | Credentials::Bearer(_), Requester::Guest)
            if refusal.0 == StatusCode::PAYLOAD_TOO_LARGE =>
        {
            failed(Error::Unauthenticated("Your session has ended. Log in to go on.".into()))
        }
        _ => refusal,
    })?;
    let renewed = match (&credentials, &requester) {
        (Credentials::Cookie(_), Requester::User(viewer)) => {
            account::renew(app, viewer).await.map_err(failed)?
        }
        _ => None,
    };
    let request = guard(request, &requester)?;
    let scope = RequestScope {
        requester,
        address: ClientAddress::of(peer, headers),
        audience: app.audience_of(headers.get(header::HOST).and_then(|host| host.to_str().ok())),
    };
    let result = scope.execute(app, schema, request).await;
    let away = result.errors.iter().any(|error| {
        error.extensions.as_ref().and_then(|values| values.get("code")) == Some(&"UNAVAILABLE".into())
    });
    let mut response = reply(if away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, result);
    if let Some(token) = renewed
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(value) = HeaderValue::from_str(&CookieSettings::new(&app.config).keep(&token))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// What the request proves itself with. A bearer token wins over a cookie.
fn credentials_of(app: &App, headers: &HeaderMap) -> Result<Credentials, Refused> {
    if let Some(token) = bearer_token(headers) {
        return Ok(Credentials::Bearer(token));
    }
    let Some(token) = session_token_of(headers, CookieSettings::new(&app.config)) else {
        return Ok(Credentials::None);
    };
    if !is_same_origin(headers, &app.config) {
        return Err(refused(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "This request carries a log-in but does not come from a page of this site.",
        ));
    }
    Ok(Credentials::Cookie(token))
}

/// The token of `Authorization: Bearer`.
pub fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

async fn read(body: Body, limit: usize) -> Result<Request, Refused> {
    let mut bytes = Vec::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            return Err(refused(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "The request broke off."));
        };
        seen += chunk.len();
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > LONGEST_READ_BYTES {
            break;
        }
    }
    if seen > limit {
        return Err(refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "QUERY_TOO_LARGE",
            "The request is too large. Ask for less at once.",
        ));
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "BAD_USER_INPUT",
            "Send one operation at a time, not a list.",
        ));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        refused(
            StatusCode::BAD_REQUEST,
            "BAD_USER_INPUT",
            &format!("The request is not the JSON of an operation: {error}."),
        )
    })
}

fn reply(status: StatusCode, response: GraphQlResponse) -> Response {
    let body = serde_json::to_vec(&response).unwrap_or_default();
    let mut reply = (status, body).into_response();
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in response.http_headers.iter() {
        headers.append(name, value.clone());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    reply
}

//! The guard in front of the parser, for posts and sockets alike.

use async_graphql::{ErrorExtensionValues, Executor, Pos, Request, Response, ServerError, parser};
use axum::http::StatusCode;
use futures::{Stream, StreamExt, stream::BoxStream};

use super::{
    RequestScope,
    cost::{self, TooMuch},
    mutations::mutations_of,
    scan::{self, Refusal},
};
use crate::{
    account::{Requester, check_scope},
    app::SharedApp,
    schema::Schema,
};

/// A refusal with its code, as a response.
pub fn refuse(code: &str, message: impl Into<String>) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

/// Parses once, after the scan and before anything that costs more than the document is long; then holds a
/// token to its scope, so that a document runs whole or not at all.
///
/// # Errors
/// The response to send instead.
pub fn guard(mut request: Request, requester: &Requester) -> Result<Request, (StatusCode, Box<Response>)> {
    let refusal = |code, message: &str| Err((StatusCode::BAD_REQUEST, Box::new(refuse(code, message))));
    match scan::scan(&request.query) {
        Ok(()) => {}
        Err(Refusal::TooLarge) => {
            return refusal(
                "QUERY_TOO_LARGE",
                "The document has more than 16 KB or 2,000 tokens. Ask for less at once.",
            );
        }
        Err(Refusal::TooDeep) => {
            return refusal(
                "QUERY_TOO_DEEP",
                "The document nests more than 48 brackets. Ask for less at once.",
            );
        }
    }
    let document = match parser::parse_query(&request.query) {
        Ok(document) => document,
        Err(error) => return refusal("BAD_USER_INPUT", &format!("The document is not GraphQL: {error}")),
    };
    match cost::check(&document, &request.variables) {
        Ok(()) => {}
        Err(TooMuch::Deep) => {
            return refusal("QUERY_TOO_DEEP", "The fields nest more than 20 deep. Ask for less at once.");
        }
        Err(TooMuch::Complex) => {
            return refusal(
                "QUERY_TOO_COMPLEX",
                "The document asks for too much at once. Ask for fewer items or fields.",
            );
        }
        Err(TooMuch::Circular) => return refusal("BAD_USER_INPUT", "A fragment contains itself."),
    }
    if let Err(error) = check_scope(requester, mutations_of(&document)) {
        let error = async_graphql::Error::from(error).into_server_error(Pos::default());
        return Err((StatusCode::FORBIDDEN, Box::new(Response::from_errors(vec![error]))));
    }
    request.set_parsed_query(document);
    Ok(request)
}

/// The schema behind the guard, for a socket.
#[derive(Clone)]
pub struct GuardedExecutor {
    pub app: SharedApp,
    pub schema: Schema,
    pub scope: RequestScope,
}

impl Executor for GuardedExecutor {
    async fn execute(&self, request: Request) -> Response {
        match guard(request, &self.scope.requester) {
            Ok(request) => self.scope.execute(&self.app, &self.schema, request).await,
            Err((_, response)) => *response,
        }
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<std::sync::Arc<async_graphql::Data>>,
    ) -> BoxStream<'static, Response> {
        match guard(request, &self.scope.requester) {
            Ok(request) => {
                let stream = self.scope.execute_stream(&self.app, &self.schema, request, session_data);
                ended_with_process(stream, &self.app)
            }
            Err((_, response)) => futures::stream::once(async { *response }).boxed(),
        }
    }
}

fn ended_with_process(
    stream: impl Stream<Item = Response> + Send + 'static,
    app: &SharedApp,
) -> BoxStream<'static, Response> {
    stream.take_until(app.stop.clone().cancelled_owned()).boxed()
}

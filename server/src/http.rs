//! All routes of the site on one port.

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sea_orm::ConnectionTrait;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer, trace::TraceLayer};

use crate::{
    app::SharedApp,
    error::Error,
    graphql::{graphql_socket, post_graphql},
    playback,
    schema::Schema,
    site,
};

/// First parts of our own addresses: the embedded store, which is served under its bucket's name, can
/// have none of them.
pub const OWN_PATHS: [&str; 19] = [
    "assets",
    "browse",
    "embed",
    "feed.xml",
    "graphiql",
    "graphql",
    "healthz",
    "login",
    "metrics",
    "moderation",
    "oembed",
    "readyz",
    "search",
    "settings",
    "signup",
    "studio",
    "tag",
    "upload",
    "watch",
];

/// Everything; `store` is the embedded store under its bucket's name, where there is one.
pub fn router(app: SharedApp, schema: Schema, store: Option<Router>) -> Router {
    let own = Router::new()
        .route("/graphql", get(site::graphiql).post(post_graphql))
        .route("/graphql/ws", get(graphql_socket))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(playback::router())
        .merge(site::router())
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ))
        // A bug in one request is that request's 500 and nobody else's broken connection.
        .layer(CatchPanicLayer::custom(|_| {
            Error::internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(TraceLayer::new_for_http())
        .layer(Extension(schema))
        .with_state(app);
    match store {
        Some(store) => own.merge(store),
        None => own,
    }
}

/// The process is alive.
async fn healthz() -> &'static str {
    "ok"
}

/// The process can serve: database and bucket answer.
async fn readyz(State(app): State<SharedApp>) -> Response {
    let database = app.database.execute_unprepared("SELECT 1").await.map_err(Error::from);
    let ready = match database {
        Ok(_) => app.storage.check().await.map_err(Error::from),
        Err(error) => Err(error),
    };
    match ready {
        Ok(()) => "ready".into_response(),
        Err(error) => {
            let mut response = Error::unavailable(anyhow::anyhow!("not ready: {error:?}")).into_response();
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

/// Counters in the text format of Prometheus.
async fn metrics(State(app): State<SharedApp>) -> Response {
    let text = format!(
        "# HELP kinora_sql_statements_total SQL statements sent by this process.\n\
         # TYPE kinora_sql_statements_total counter\n\
         kinora_sql_statements_total {}\n\
         # HELP kinora_build_info Version of the program.\n\
         # TYPE kinora_build_info gauge\n\
         kinora_build_info{{version=\"{}\"}} 1\n",
        app.statements.get(),
        env!("CARGO_PKG_VERSION")
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

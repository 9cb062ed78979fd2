//! Pages: every one is the same app with a head of its own.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use kinora_entity::{VideoId, user, video};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{assets, head::Head, policy};
use crate::app::{App, SharedApp};

/// Pages whose head is the site's own.
const PAGES: [&str; 11] = [
    "/",
    "/admin",
    "/browse",
    "/search",
    "/upload",
    "/studio",
    "/studio/webhooks",
    "/login",
    "/signup",
    "/settings",
    "/moderation",
];

/// Pages, assets, GraphiQL, and a page of ours for whatever is not there.
pub fn router() -> Router<SharedApp> {
    let mut router = Router::new()
        .route("/assets/{*path}", get(asset))
        .route("/licenses.txt", get(licenses))
        .route("/favicon.ico", get(favicon))
        .route("/graphiql/{*path}", get(graphiql_asset))
        .route("/watch/{id}", get(watch))
        .route("/tag/{tag}", get(tag));
    for page in PAGES {
        router = router.route(page, get(plain));
    }
    router.fallback(get(other))
}

async fn asset(State(app): State<SharedApp>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    assets::serve(app.site, &format!("assets/{path}"), &headers)
}

async fn licenses(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    assets::serve(app.site, "licenses.txt", &headers)
}

async fn favicon() -> Response {
    // The page names its own icon; browsers ask here all the same.
    StatusCode::NOT_FOUND.into_response()
}

async fn graphiql_asset(
    State(app): State<SharedApp>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    // The page itself is served by [`graphiql`], with its policy.
    if path.ends_with(".html") {
        return StatusCode::NOT_FOUND.into_response();
    }
    assets::serve(app.site, &format!("graphiql/{path}"), &headers)
}

/// `GET /graphql`: GraphiQL from our own origin.
pub async fn graphiql(State(app): State<SharedApp>) -> Response {
    match (app.site)("graphiql/index.html") {
        Some(html) => {
            let mut response = Html(html.into_owned()).into_response();
            policy::apply(response.headers_mut(), &app.config, true);
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn plain(State(app): State<SharedApp>, uri: Uri) -> Response {
    let head = Head { url: format!("{}{}", app.config.origin(), uri.path()), ..Head::default() };
    page(&app, StatusCode::OK, &head)
}

async fn watch(State(app): State<SharedApp>, Path(id): Path<String>, uri: Uri) -> Response {
    // The head is for strangers: it tells of a private video what it tells of one that is not there.
    let found = match id.parse::<VideoId>() {
        Ok(id) => video::Entity::visible_to(None).filter(video::Column::Id.eq(id)).one(&app.database).await,
        Err(_) => Ok(None),
    };
    match found {
        Ok(Some(video)) => page(&app, StatusCode::OK, &Head::of_video(&video, &app.config.origin())),
        Ok(None) => absent(&app, &uri),
        Err(error) => crate::error::Error::from(error).into_response(),
    }
}

async fn tag(State(app): State<SharedApp>, Path(tag): Path<String>, uri: Uri) -> Response {
    let url = format!("{}{}", app.config.origin(), uri.path());
    page(&app, StatusCode::OK, &Head { title: Some(format!("#{tag}")), url, ..Head::default() })
}

async fn other(State(app): State<SharedApp>, uri: Uri) -> Response {
    let path = uri.path();
    // Browsers read a backslash as a slash: `/\\host` would lead to another site.
    if path.len() > 1 && path.ends_with('/') && !path.starts_with("//") && !path.contains('\\') {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&format!("{}{query}", path.trim_end_matches('/'))).into_response();
    }
    let Some(name) = path.strip_prefix("/@").filter(|name| !name.contains('/')) else {
        return absent(&app, &uri);
    };
    match user::Entity::by_username(name).one(&app.database).await {
        Ok(Some(user)) if user.disabled_at.is_none() => {
            let url = format!("{}/@{}", app.config.origin(), user.username);
            page(&app, StatusCode::OK, &Head { title: Some(user.username), url, ..Head::default() })
        }
        Ok(_) => absent(&app, &uri),
        Err(error) => crate::error::Error::from(error).into_response(),
    }
}

/// The app says that there is nothing here; the status says it to programs.
fn absent(app: &App, uri: &Uri) -> Response {
    let head = Head { url: format!("{}{}", app.config.origin(), uri.path()), ..Head::default() };
    page(app, StatusCode::NOT_FOUND, &head)
}

fn page(app: &App, status: StatusCode, head: &Head) -> Response {
    let Some(template) = (app.site)("index.html") else {
        return (StatusCode::NOT_FOUND, "The site has not been built: run `cargo run -p xtask -- web`.")
            .into_response();
    };
    let html = String::from_utf8_lossy(&template).replacen("<!--head-->", &head.to_html(), 1);
    let mut response = (status, Html(html)).into_response();
    policy::apply(response.headers_mut(), &app.config, false);
    response
}

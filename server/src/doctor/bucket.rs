//! The bucket, tried as a browser would: what fails here fails for every visitor, and the message that they would
//! see says nothing about why.

use std::time::Duration;

use reqwest::{Client, Method, Response, header};

use super::{Finding, mend};
use crate::storage::{PresignedRequest, Storage, StorageError, keys};

const REACHABLE: &str = "the store answers";
const PREFLIGHT: &str = "browsers may send parts (CORS preflight)";
const PUT: &str = "a presigned part is taken";
const ETAG: &str = "browsers may read the ETag";
const CHECKSUMS: &str = "addresses carry no checksum";
const LENGTH: &str = "a part of another length is refused";
const RANGE: &str = "ranges are served";
const OVERWRITE: &str = "nothing can be written after completion";
const EXPIRY: &str = "an expired address is refused";

/// Of one part: what is sent has this many bytes.
const BODY: &[u8] = b"Kinora looks whether this bucket does what it needs.";
const SHORT_LIFE: Duration = Duration::from_secs(1);

/// Puts a small object into the bucket, as the site's pages at `origin` would, reads it, and takes it away.
pub async fn check(storage: &Storage, origin: &str) -> Vec<Finding> {
    let key = keys::trial(rand::random());
    let mut findings = Vec::new();
    if let Err(error) = walk(storage, origin, &key, &mut findings).await {
        findings.push(Finding::bad(REACHABLE, error.to_string(), mend::refused(&error.to_string(), storage)));
    }
    if storage.delete(&key).await.is_err() {
        tracing::warn!(key, "the object that was tried is still in the bucket");
    }
    findings
}

async fn walk(
    storage: &Storage,
    origin: &str,
    key: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), StorageError> {
    kinora_runner::install_crypto();
    let http = Client::builder()
        .timeout(Duration::from_secs(20))
        .build()
        .map_err(|error| StorageError::Failed(error.to_string()))?;
    // Not by HEAD: an answer without a body does not say why.
    storage.list_objects(key, None).await?;
    findings.push(Finding::good(REACHABLE, ""));
    let length = i64::try_from(BODY.len()).unwrap_or_default();
    let upload = storage.begin_multipart(key).await?;
    let part = storage.presign_part(key, &upload, 1, length).await?;

    findings.push(if part.url.to_ascii_lowercase().contains("x-amz-checksum") {
        Finding::bad(CHECKSUMS, part.url.clone(), "This is a fault of Kinora: please report it.")
    } else {
        Finding::good(CHECKSUMS, "")
    });
    let preflight = http
        .request(Method::OPTIONS, &part.url)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .send()
        .await;
    findings.push(preflight_finding(preflight, origin, storage));

    let long = send(&http, &part, origin, [BODY, b"!"].concat()).await;
    findings.push(refusal(
        LENGTH,
        long,
        "the store took more bytes than were signed",
        "Use a store that checks the signed length: quotas do not hold with this one.",
    ));
    match send(&http, &part, origin, BODY.to_vec()).await {
        Ok(response) if response.status().is_success() => {
            findings.push(Finding::good(PUT, ""));
            findings.push(etag_finding(&response, origin, storage));
        }
        Ok(response) => {
            let seen = format!("the store answered {}: {}", response.status(), text(response).await);
            let mend = mend::refused(&seen, storage);
            findings.push(Finding::bad(PUT, seen, mend));
            storage.abort_multipart(key, &upload).await?;
            return Ok(());
        }
        Err(error) => {
            findings.push(Finding::bad(PUT, error.to_string(), mend::address(&part.url)));
            storage.abort_multipart(key, &upload).await?;
            return Ok(());
        }
    }
    let parts = storage.list_parts(key, &upload).await?;
    storage.complete_multipart(key, &upload, &parts).await?;

    let late = send(&http, &part, origin, BODY.to_vec()).await;
    findings.push(refusal(
        OVERWRITE,
        late,
        "a part was taken after its upload was complete",
        "Use another store: with this one uploaders could change videos after they were checked.",
    ));
    findings.push(range_finding(&http, storage, key, origin).await?);
    findings.push(expiry_finding(&http, storage, key).await?);
    Ok(())
}

async fn send(
    http: &Client,
    to: &PresignedRequest,
    origin: &str,
    body: Vec<u8>,
) -> reqwest::Result<Response> {
    let mut request = http.put(&to.url).header(header::ORIGIN, origin).body(body);
    for (name, value) in &to.headers {
        request = request.header(name, value);
    }
    request.send().await
}

fn preflight_finding(answer: reqwest::Result<Response>, origin: &str, storage: &Storage) -> Finding {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return Finding::bad(PREFLIGHT, error.to_string(), mend::cors(origin, storage)),
    };
    let methods = named(&response, header::ACCESS_CONTROL_ALLOW_METHODS);
    let puts = methods.split(',').any(|method| matches!(method.trim(), "PUT" | "*"));
    if response.status().is_success() && allows(&response, origin) && puts {
        Finding::good(PREFLIGHT, "")
    } else {
        let seen = format!("the store answered {} to a preflight from {origin}", response.status());
        Finding::bad(PREFLIGHT, seen, mend::cors(origin, storage))
    }
}

fn etag_finding(response: &Response, origin: &str, storage: &Storage) -> Finding {
    let exposed = named(response, header::ACCESS_CONTROL_EXPOSE_HEADERS);
    let readable =
        exposed.split(',').any(|name| matches!(name.trim().to_ascii_lowercase().as_str(), "etag" | "*"));
    if readable && allows(response, origin) && response.headers().contains_key(header::ETAG) {
        Finding::good(ETAG, "")
    } else {
        let seen = if exposed.is_empty() {
            "no header is exposed".to_owned()
        } else {
            format!("exposed: {exposed}")
        };
        Finding::bad(ETAG, seen, mend::cors(origin, storage))
    }
}

async fn range_finding(
    http: &Client,
    storage: &Storage,
    key: &str,
    origin: &str,
) -> Result<Finding, StorageError> {
    let url = storage.media_url(key, true).await?;
    let answer =
        http.get(&url).header(header::RANGE, "bytes=7-11").header(header::ORIGIN, origin).send().await;
    Ok(match answer {
        Ok(response) if response.status().as_u16() == 206 => {
            let allowed = allows(&response, origin);
            let bytes = response.bytes().await.unwrap_or_default();
            if bytes != BODY.get(7..12).unwrap_or_default() {
                Finding::bad(RANGE, "other bytes came than were asked for", "Use another store or proxy.")
            } else if allowed {
                Finding::good(RANGE, "")
            } else {
                Finding::bad(RANGE, "the page may not read them", mend::cors(origin, storage))
            }
        }
        Ok(response) => {
            let seen = format!("{url} answered {} to a range", response.status());
            Finding::bad(RANGE, seen, mend::ranges(&url))
        }
        Err(error) => Finding::bad(RANGE, error.to_string(), mend::ranges(&url)),
    })
}

async fn expiry_finding(http: &Client, storage: &Storage, key: &str) -> Result<Finding, StorageError> {
    let url = storage.presign_get(key, SHORT_LIFE, crate::storage::Audience::Network).await?.url;
    tokio::time::sleep(SHORT_LIFE + Duration::from_secs(2)).await;
    Ok(refusal(
        EXPIRY,
        http.get(&url).send().await,
        "an address was good after its time",
        &format!(
            "On the store's machine: {}. A cache in front of it must not ignore the query.",
            mend::CLOCK
        ),
    ))
}

/// What must be refused, was it? Only the store's own no is one: a store that is away, or fails, refuses nothing.
fn refusal(what: &'static str, answer: reqwest::Result<Response>, taken: &str, mend: &str) -> Finding {
    let unknown =
        "It could not be told whether this is refused. Run `kinora doctor` again when the store answers.";
    match answer {
        Ok(response) if response.status().is_success() => Finding::bad(what, taken, mend),
        Ok(response) if response.status().is_client_error() => Finding::good(what, ""),
        Ok(response) => Finding::bad(what, format!("the store answered {}", response.status()), unknown),
        // Some stores hang up on a request whose length is not the signed one before they have read it.
        Err(error) if error.is_connect() || error.is_timeout() => {
            Finding::bad(what, error.to_string(), unknown)
        }
        Err(_) => Finding::good(what, ""),
    }
}

fn allows(response: &Response, origin: &str) -> bool {
    matches!(named(response, header::ACCESS_CONTROL_ALLOW_ORIGIN).as_str(), allowed if allowed == "*" || allowed == origin)
}

fn named(response: &Response, name: header::HeaderName) -> String {
    let values = response.headers().get_all(name);
    values.iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

async fn text(response: Response) -> String {
    response.text().await.unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use axum::{Router, http::StatusCode, routing::get};

    use super::*;

    #[tokio::test]
    async fn only_a_no_is_a_refusal() {
        kinora_runner::install_crypto();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let status = |code: StatusCode| get(move || async move { code });
        let routes = Router::new()
            .route("/200", status(StatusCode::OK))
            .route("/403", status(StatusCode::FORBIDDEN))
            .route("/503", status(StatusCode::SERVICE_UNAVAILABLE));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let is_bad = async |path: &str| {
            let answer = Client::new().get(format!("{base}{path}")).send().await;
            refusal(LENGTH, answer, "taken", "mend").is_bad()
        };
        assert!(is_bad("/200").await && is_bad("/503").await && !is_bad("/403").await);
        server.abort();
        let _ = server.await;
        assert!(is_bad("/403").await, "nobody is there");
    }
}

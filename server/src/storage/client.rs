//! Building the client, once: a signer rebuilt for each call costs milliseconds.

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use std::{borrow::Cow, time::Duration};

use super::StorageError;

/// Where a store is and how to sign for it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Scheme, host and port. The bucket follows in the path, unless the host begins with its name
    /// (`https://bucket.s3.example`, virtual-host style).
    pub url: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// The address without the bucket, and whether the bucket goes into the path.
fn style<'a>(url: &'a str, bucket: &str) -> (Cow<'a, str>, bool) {
    let in_host = format!("://{bucket}.");
    match url.split_once(&in_host) {
        Some((scheme, rest)) => (Cow::Owned(format!("{scheme}://{rest}")), false),
        None => (Cow::Borrowed(url), true),
    }
}

pub(super) fn connect(endpoint: &Endpoint, bucket: &str) -> Client {
    let (url, path_style) = style(endpoint.url.trim_end_matches('/'), bucket);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .endpoint_url(url)
        .region(Region::new(endpoint.region.clone()))
        .credentials_provider(Credentials::new(
            &endpoint.access_key_id,
            &endpoint.secret_access_key,
            None,
            None,
            "settings",
        ))
        .force_path_style(path_style)
        // The SDK's own checksums break presigned addresses and some stores.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_timeout(Duration::from_secs(60))
                .build(),
        )
        .build();
    Client::from_conf(config)
}

/// What the store answered, in one line; where there is no answer, why.
pub(super) fn failed<E>(error: SdkError<E, HttpResponse>) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = error.as_service_error().and_then(|service| service.code().zip(Some(service.message())));
    let status = error.raw_response().map(|response| response.status().as_u16());
    StorageError::Failed(match (answer, status) {
        (Some((code, message)), Some(status)) => {
            format!("{status} {code}{}", message.map(|message| format!(": {message}")).unwrap_or_default())
        }
        _ => DisplayErrorContext(&error).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_in_the_host_stays_there() {
        assert_eq!(style("https://r2.example", "kinora"), (Cow::Borrowed("https://r2.example"), true));
        let (url, path_style) = style("https://kinora.s3.example:9000", "kinora");
        assert_eq!((url.as_ref(), path_style), ("https://s3.example:9000", false));
        // Another name that only begins like it.
        assert!(style("https://kinora-files.example", "kinora").1);
    }
}

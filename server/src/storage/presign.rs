//! Addresses that carry their own permission, so that bytes never pass the API.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::{Client, presigning::PresigningConfig};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};

use super::{Audience, MEDIA_URL_LIFETIME, Md5, Storage, StorageError, UPLOAD_URL_LIFETIME, client};

/// Media addresses are signed as if at the last full hour: within the hour they stay the same, and
/// browsers and proxies can keep what they fetched.
const MEDIA_SIGNING_STEP_S: i64 = 3600;

/// A request that its holder may make once or many times until it expires.
#[derive(Clone, Debug)]
pub struct PresignedRequest {
    pub url: String,
    /// Headers that were signed and must be sent as they are.
    pub headers: Vec<(String, String)>,
    pub expires_at: DateTime<Utc>,
}

impl Storage {
    fn client_for(&self, audience: Audience) -> &Client {
        match audience {
            Audience::Network => &self.network,
            Audience::ThisMachine => &self.local,
        }
    }

    fn starting_now(&self, lifetime: Duration) -> Result<(PresigningConfig, DateTime<Utc>), StorageError> {
        self.starting(self.clock.now(), lifetime)
    }

    fn starting(
        &self,
        start: DateTime<Utc>,
        lifetime: Duration,
    ) -> Result<(PresigningConfig, DateTime<Utc>), StorageError> {
        let since_epoch = Duration::from_secs(u64::try_from(start.timestamp()).unwrap_or_default());
        let config = PresigningConfig::builder()
            .start_time(UNIX_EPOCH + since_epoch)
            .expires_in(lifetime)
            .build()
            .map_err(|error| StorageError::Failed(error.to_string()))?;
        Ok((config, start + lifetime))
    }

    /// An address that takes exactly `size_bytes` as part `number`.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when it cannot be signed.
    pub async fn presign_part(
        &self,
        key: &str,
        upload_id: &str,
        number: i32,
        size_bytes: i64,
    ) -> Result<PresignedRequest, StorageError> {
        let (config, expires_at) = self.starting_now(UPLOAD_URL_LIFETIME)?;
        let request = self
            .network
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .part_number(number)
            .content_length(size_bytes)
            .presigned(config)
            .await
            .map_err(client::failed)?;
        Ok(described(&request, expires_at))
    }

    /// An address that takes exactly `size_bytes` of `content_type` with that MD5 as the object `key`, and no others: the
    /// store compares what arrives with the digest in the signature.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when it cannot be signed.
    pub async fn presign_put(
        &self,
        key: &str,
        size_bytes: i64,
        md5: &Md5,
        content_type: &str,
        audience: Audience,
    ) -> Result<PresignedRequest, StorageError> {
        let (config, expires_at) = self.starting_now(UPLOAD_URL_LIFETIME)?;
        let request = self
            .client_for(audience)
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(size_bytes)
            .content_md5(BASE64_STANDARD.encode(md5))
            .content_type(content_type)
            .cache_control("public, max-age=31536000, immutable")
            .presigned(config)
            .await
            .map_err(client::failed)?;
        Ok(described(&request, expires_at))
    }

    /// An address that reads an object as it is.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when it cannot be signed.
    pub async fn presign_get(
        &self,
        key: &str,
        lifetime: Duration,
        audience: Audience,
    ) -> Result<PresignedRequest, StorageError> {
        let (config, expires_at) = self.starting_now(lifetime)?;
        let request = self
            .client_for(audience)
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(config)
            .await
            .map_err(client::failed)?;
        Ok(described(&request, expires_at))
    }

    /// Where a piece of media is read: a plain address on the public base for videos that everybody
    /// may see, where there is one, else a presigned address.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when it cannot be signed.
    pub async fn media_url(&self, key: &str, open_to_all: bool) -> Result<String, StorageError> {
        if let Some(base) = self.media_url.as_ref().filter(|_| open_to_all) {
            return Ok(format!("{}/{key}", base.as_str().trim_end_matches('/')));
        }
        let now = self.clock.now();
        let into_step = now.timestamp().rem_euclid(MEDIA_SIGNING_STEP_S);
        let (config, _) = self.starting(now - chrono::Duration::seconds(into_step), MEDIA_URL_LIFETIME)?;
        let request = self
            .network
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(config)
            .await
            .map_err(client::failed)?;
        Ok(request.uri().to_owned())
    }

    /// An address that saves an object under `file_name` instead of showing it.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when it cannot be signed.
    pub async fn download_url(&self, key: &str, file_name: &str) -> Result<String, StorageError> {
        let (config, _) = self.starting_now(MEDIA_URL_LIFETIME)?;
        let request = self
            .network
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(attachment(file_name))
            .presigned(config)
            .await
            .map_err(client::failed)?;
        Ok(request.uri().to_owned())
    }
}

fn described(
    request: &aws_sdk_s3::presigning::PresignedRequest,
    expires_at: DateTime<Utc>,
) -> PresignedRequest {
    PresignedRequest {
        url: request.uri().to_owned(),
        headers: request
            .headers()
            // Browsers set these two themselves and refuse to be told.
            .filter(|(name, _)| {
                !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length")
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        expires_at,
    }
}

/// `Content-Disposition` for saving (RFC 6266), with the name in ASCII and, percent-encoded, in full.
fn attachment(file_name: &str) -> String {
    let ascii: String = file_name
        .chars()
        .map(|character| match character {
            '"' | '\\' | '%' => '_',
            _ if character.is_ascii_graphic() || character == ' ' => character,
            _ => '_',
        })
        .collect();
    let mut encoded = String::new();
    for byte in file_name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, storage::Endpoint};

    #[tokio::test]
    async fn addresses_follow_the_style_of_the_endpoint_and_carry_no_checksum() {
        for (url, begins) in [
            ("https://s3.example", "https://s3.example/media/uploads/1/source?"),
            ("https://media.s3.example", "https://media.s3.example/uploads/1/source?"),
        ] {
            let endpoint = Endpoint {
                url: url.into(),
                region: "auto".into(),
                access_key_id: "a".into(),
                secret_access_key: "b".into(),
            };
            let storage = Storage::new("media", &endpoint, &endpoint, None, Clock::system());
            let key = "uploads/1/source";
            let part = storage.presign_part(key, "u", 1, 5).await.map(|part| part.url).unwrap_or_default();
            let put = storage.presign_put(key, 5, &[7; 16], "video/mp4", Audience::Network).await;
            let put = put.map(|put| put.url).unwrap_or_default();
            for url in [part, put, storage.media_url(key, true).await.unwrap_or_default()] {
                assert!(url.starts_with(begins), "{url}");
                assert!(!url.to_lowercase().contains("checksum"), "{url}");
            }
        }
    }

    #[test]
    fn a_file_name_cannot_leave_its_quotes() {
        let header = attachment("a\"; x=\"b\r\n–.mp4");
        assert_eq!(
            header,
            "attachment; filename=\"a_; x=_b___.mp4\"; filename*=UTF-8''a%22%3B%20x%3D%22b%0D%0A%E2%80%93.mp4"
        );
    }
}

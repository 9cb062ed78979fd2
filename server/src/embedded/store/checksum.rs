//! The checks that a client may send along with bytes: Content-MD5 and the `x-amz-checksum-*` family, in
//! headers or after the body.

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::crypto::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::Checksum;
use s3s::{S3ErrorCode, S3Request, S3Result, TrailingHeaders};

use super::error::refuse;

const NAMES: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// What the bytes of a request must add up to.
#[derive(Default)]
pub(super) struct Promised {
    md5: Option<String>,
    headers: HeaderMap,
    /// Names of checksums that come after the body.
    announced: String,
    trailing: Option<TrailingHeaders>,
}

impl Promised {
    pub fn of<T>(request: &S3Request<T>) -> Self {
        let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let mut headers = HeaderMap::new();
        for name in NAMES {
            if let Some(value) = request.headers.get(name) {
                headers.insert(name, value.clone());
            }
        }
        Self {
            md5: text("content-md5").map(Into::into),
            headers,
            announced: text("x-amz-trailer").unwrap_or_default().to_ascii_lowercase(),
            trailing: request.trailing_headers.clone(),
        }
    }

    /// A hasher for the kinds that are promised; MD5 is always computed besides.
    pub fn hasher(&self) -> ChecksumHasher {
        let wanted = |name: &str| {
            self.headers.contains_key(name)
                || self.announced.split(',').any(|announced| announced.trim() == name)
        };
        ChecksumHasher {
            crc32: wanted(NAMES[0]).then(Crc32::new),
            crc32c: wanted(NAMES[1]).then(Crc32c::new),
            crc64nvme: wanted(NAMES[2]).then(Crc64Nvme::new),
            sha1: wanted(NAMES[3]).then(Sha1::new),
            sha256: wanted(NAMES[4]).then(Sha256::new),
        }
    }

    /// Fails unless all that was promised is kept. To be called when the body was read to its end.
    pub fn check(&self, md5: &[u8; 16], found: &Checksum) -> S3Result<()> {
        if self.md5.as_ref().is_some_and(|promised| *promised != BASE64_STANDARD.encode(md5)) {
            return Err(refuse(S3ErrorCode::BadDigest, "The Content-MD5 does not match the bytes received."));
        }
        let trailing = self.trailing.as_ref().and_then(|trailing| trailing.read(HeaderMap::clone));
        let values = [
            &found.checksum_crc32,
            &found.checksum_crc32c,
            &found.checksum_crc64nvme,
            &found.checksum_sha1,
            &found.checksum_sha256,
        ];
        for (name, value) in NAMES.into_iter().zip(values) {
            let Some(value) = value else { continue };
            let promised = self.headers.get(name).or_else(|| trailing.as_ref()?.get(name));
            if promised.is_none_or(|promised| promised.as_bytes() != value.as_bytes()) {
                return Err(refuse(
                    S3ErrorCode::BadDigest,
                    "The checksum does not match the bytes received.",
                ));
            }
        }
        Ok(())
    }
}

//! Signatures as Standard Webhooks describes them, and the secrets behind them.
//!
//! The database holds no secret: each is computed from a random salt in the webhook's row and the site's own secret,
//! which is not in the database. A new salt is a new secret.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use kinora_entity::WebhookId;
use sha2::Sha256;

const SALT_BYTES: usize = 32;

/// The site's part of every webhook's secret.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The secret of a webhook with this salt.
    pub fn secret(&self, webhook: WebhookId, salt: &[u8]) -> Secret {
        Secret(hmac(&self.0, &[&webhook.0.to_be_bytes(), salt]))
    }

    /// The salt of a new secret.
    pub fn new_salt() -> Vec<u8> {
        rand::random::<[u8; SALT_BYTES]>().to_vec()
    }
}

/// What a receiver checks signatures with. Shows itself as `whsec_…`.
pub struct Secret([u8; 32]);

impl Secret {
    /// One signature of a message, `v1,…`.
    pub fn sign(&self, message_id: &str, sent_at: DateTime<Utc>, body: &str) -> String {
        let timestamp = sent_at.timestamp().to_string();
        let signed = [message_id, &timestamp, body].join(".");
        format!("v1,{}", BASE64_STANDARD.encode(hmac(&self.0, &[signed.as_bytes()])))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

#[allow(clippy::expect_used, reason = "a key of any length is a key of HMAC")]
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_known_message_has_its_known_signature() {
        let key: [u8; 24] =
            BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap().try_into().unwrap();
        let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        let signature = BASE64_STANDARD.encode(hmac(&key, &[signed]));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_of_its_site_its_webhook_and_its_salt() {
        let (webhook, salt) = (WebhookId(7), [1; SALT_BYTES]);
        let secret = SecretKey::new([3; 32]).secret(webhook, &salt).to_string();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        for other in [
            SecretKey::new([4; 32]).secret(webhook, &salt),
            SecretKey::new([3; 32]).secret(WebhookId(8), &salt),
            SecretKey::new([3; 32]).secret(webhook, &[2; SALT_BYTES]),
        ] {
            assert_ne!(other.to_string(), secret);
        }
    }
}

//! Session tokens: JWT (RFC 7519) as RFC 8725 wants them. A token is only as good as its session row.

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kinora_entity::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// How long a log-in lasts without being used.
pub const SESSION_LIFETIME: Duration = Duration::days(7);
const AUDIENCE: &str = "kinora";
/// How much too late an end, or too early a beginning, is still in time.
const LEEWAY_S: i64 = 30;
/// How far the clock may have been ahead of ours by which a token was signed: another server's, or our own before it was
/// set right. Nobody but us can sign, so nothing is gained by refusing it.
const SIGNED_AHEAD_S: i64 = 15 * 60;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The account.
    pub sub: String,
    /// The session row.
    pub sid: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

/// Signs and reads tokens with the site's own secret.
pub struct SessionTokens {
    issuer: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    clock: Clock,
}

impl SessionTokens {
    pub fn new(secret: &[u8], issuer: &str, clock: Clock) -> Self {
        Self {
            issuer: issuer.to_owned(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            clock,
        }
    }

    /// A token for a session that ends at `expires_at`.
    ///
    /// # Errors
    /// When the claims cannot be signed.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user.to_string(),
            sid: session.to_string(),
            iat: self.clock.now().timestamp(),
            exp: expires_at.timestamp(),
            nbf: None,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// Whose token it is, or nothing when anything about it is off.
    pub fn read(&self, token: &str) -> Option<(UserId, SessionId)> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // Our tokens name no key; one that does wants us to look elsewhere for it.
        if header.typ.as_deref() != Some("JWT")
            || header.kid.is_some()
            || header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
        {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked below, by the clock that is passed in.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let now = self.clock.now().timestamp();
        let in_time = claims.exp > now - LEEWAY_S
            && claims.iat <= now + SIGNED_AHEAD_S
            && claims.nbf.is_none_or(|not_before| not_before <= now + LEEWAY_S);
        if !in_time {
            return None;
        }
        Some((claims.sub.parse().ok()?, claims.sid.parse().ok()?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn tokens(secret: &[u8]) -> SessionTokens {
        SessionTokens::new(secret, "http://localhost:8080", Clock::system())
    }

    #[test]
    fn a_token_comes_back_as_it_was_signed() {
        let tokens = tokens(b"one secret of this test");
        let (user, session) = (UserId::random(), SessionId::random());
        let token = tokens.sign(user, session, tokens.clock.now() + SESSION_LIFETIME).unwrap();
        assert_eq!(tokens.read(&token), Some((user, session)));
    }

    #[test]
    fn a_token_signed_by_a_clock_that_is_ahead_is_good() {
        let sign_ahead_by = |minutes| {
            let clock = Clock::from_fn(move || Clock::system().now() + Duration::minutes(minutes));
            let ahead =
                SessionTokens::new(b"one secret of this test", "http://localhost:8080", clock.clone());
            ahead.sign(UserId::random(), SessionId::random(), clock.now() + SESSION_LIFETIME).unwrap()
        };
        let ours = tokens(b"one secret of this test");
        assert!(ours.read(&sign_ahead_by(10)).is_some());
        assert_eq!(ours.read(&sign_ahead_by(20)), None, "no clock is that wrong");
    }

    #[test]
    fn a_token_of_another_secret_or_time_is_nothing() {
        let ours = tokens(b"one secret of this test");
        let now = ours.clock.now();
        let (user, session) = (UserId::random(), SessionId::random());
        let foreign = tokens(b"another secret entirely").sign(user, session, now + SESSION_LIFETIME).unwrap();
        assert_eq!(ours.read(&foreign), None);
        let expired = ours.sign(user, session, now - Duration::seconds(61)).unwrap();
        assert_eq!(ours.read(&expired), None);
    }
}

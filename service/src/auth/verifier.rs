use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use futures::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keys::{Keys, NoKey};
use super::{
    API_KEY_PREFIX, AUDIENCE, Access, AccessClaims, ApiKeys, Coaching, ISSUER, KeySourceError,
    LEEWAY_S, Principal, Role, Sessions, TokenError, VerifyingKey,
};

/// How many verified tokens are remembered.
const REMEMBERED: u64 = 20_000;
/// How long a verified token is remembered at most, so that a key taken out of use is noticed.
const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);
/// No token of ours is longer.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Tells whether an access token is good and whom it speaks for. Cheap to clone; clones share what they know.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Arc<Keys>,
    // By the token's hash: a memory dump holds no token. A signature check costs about a hundred times a hash.
    verified: Cache<[u8; 32], Verified>,
    validation: Arc<Validation>,
    sessions: Option<Sessions>,
    api_keys: Option<ApiKeys>,
    coaching: Option<Coaching>,
}

/// A token with a good signature.
#[derive(Debug, Clone)]
struct Verified {
    principal: Arc<Principal>,
    session_id: Option<Uuid>,
}

/// What is read of a token: what all say, and the session that most belong to, as OpenID Connect names it.
#[derive(Deserialize)]
struct Claims {
    #[serde(flatten)]
    access: AccessClaims,
    #[serde(default)]
    sid: Option<Uuid>,
}

impl Verifier {
    /// A verifier that knows these keys and asks `source` for all keys when a token names another one, every few
    /// seconds at most.
    pub fn new(
        keys: Vec<VerifyingKey>,
        source: impl Fn() -> BoxFuture<'static, Result<Vec<VerifyingKey>, KeySourceError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self {
            keys: Arc::new(Keys::new(keys, Box::new(source))),
            verified: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            validation: Arc::new(validation),
            sessions: None,
            api_keys: None,
            coaching: None,
        }
    }

    /// The same, which refuses the tokens of sessions that have ended.
    #[must_use]
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions: Some(sessions), ..self }
    }

    /// The same, which takes API keys as well.
    #[must_use]
    pub fn with_api_keys(self, api_keys: ApiKeys) -> Self {
        Self { api_keys: Some(api_keys), ..self }
    }

    /// The same, which lets coaches act for their athletes.
    #[must_use]
    pub fn with_coaching(self, coaching: Coaching) -> Self {
        Self { coaching: Some(coaching), ..self }
    }

    pub(super) fn coaching(&self) -> Option<&Coaching> {
        self.coaching.as_ref()
    }

    pub(super) fn api_keys(&self) -> Option<&ApiKeys> {
        self.api_keys.as_ref()
    }

    pub(super) fn sessions(&self) -> Option<&Sessions> {
        self.sessions.as_ref()
    }

    /// A verifier that knows these keys and never any other.
    #[must_use]
    pub fn with_keys(keys: Vec<VerifyingKey>) -> Self {
        let all = keys.clone();
        Self::new(keys, move || {
            let all = all.clone();
            Box::pin(async move { Ok(all) })
        })
    }

    /// Whom a token or an API key speaks for.
    ///
    /// # Errors
    /// When the token is not good, or cannot be checked.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(api_keys) = self.api_keys.as_ref().filter(|_| token.starts_with(API_KEY_PREFIX))
        {
            let principal = api_keys.find(digest).await?;
            let is_over = principal.expires_at < Utc::now();
            return if is_over { Err(TokenError::Expired) } else { Ok(principal) };
        }
        let Verified { principal, session_id } = match self.verified.get(&digest) {
            Some(verified) if has_expired(verified.principal.expires_at) => {
                return Err(TokenError::Expired);
            }
            Some(verified) => verified,
            None => {
                let verified = self.verify_signature(token).await?;
                self.verified.insert(digest, verified.clone());
                verified
            }
        };
        match (&self.sessions, session_id) {
            (Some(sessions), Some(session_id))
                if !sessions.goes_on(principal.user_id, session_id).await =>
            {
                Err(TokenError::Revoked)
            }
            (Some(_) | None, Some(_) | None) => Ok(principal),
        }
    }

    async fn verify_signature(&self, token: &str) -> Result<Verified, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // The algorithm is ours to choose, not the token's.
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid);
        }
        let kid = header.kid.ok_or(TokenError::Malformed)?;
        let key = self.keys.get(&kid).await.map_err(|error| match error {
            NoKey::Unknown => TokenError::Invalid,
            NoKey::Unavailable => TokenError::KeysUnavailable,
        })?;
        let Claims { access, sid } = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|error| token_error(error.kind()))?
            .claims;
        Ok(Verified { principal: Arc::new(principal(access)?), session_id: sid })
    }
}

fn principal(claims: AccessClaims) -> Result<Principal, TokenError> {
    Ok(Principal {
        user_id: OwnerId(claims.sub),
        roles: claims.roles.iter().filter_map(|word| Role::from_word(word)).collect(),
        access: Access::Session,
        jti: claims.jti,
        expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Malformed)?,
    })
}

fn has_expired(expires_at: DateTime<Utc>) -> bool {
    expires_at
        .checked_add_signed(TimeDelta::seconds(LEEWAY_S as i64))
        .is_some_and(|end| Utc::now() > end)
}

fn token_error(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidSignature
        | ErrorKind::InvalidIssuer
        | ErrorKind::InvalidAudience
        | ErrorKind::InvalidAlgorithm
        | ErrorKind::MissingRequiredClaim(_) => TokenError::Invalid,
        // The library's list of errors is open; the others are about the token's form.
        _ => TokenError::Malformed,
    }
}

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use jsonwebtoken::{Algorithm, Header};
use serde::{Deserialize, Serialize};
use service::{AUDIENCE, AccessClaims, ISSUER, Role};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::keys::SigningKey;
use crate::sessions::SessionId;

/// How long an access token is good for.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// A signed access token, to be handed to whom it speaks for and shown nowhere else.
pub struct AccessToken(Zeroizing<String>);

/// What an access token says: what every service reads, and the session it belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionClaims {
    #[serde(flatten)]
    access: AccessClaims,
    /// The session, as OpenID Connect names it.
    pub(crate) sid: SessionId,
}

impl AccessToken {
    /// Signs a token that begins now.
    pub(crate) fn sign(
        key: &SigningKey,
        user_id: OwnerId,
        roles: &[Role],
        sid: SessionId,
        now: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let iat = now.timestamp();
        let access = AccessClaims {
            sub: user_id.0,
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            exp: iat + lifetime.num_seconds(),
            iat,
            nbf: Some(iat),
            jti: Uuid::now_v7(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
        };
        let header = Header { kid: Some(key.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &SessionClaims { access, sid }, &key.private)?;
        Ok(Self(Zeroizing::new(token)))
    }

    /// The token as it goes into `Authorization: Bearer`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who signs access tokens.
pub const ISSUER: &str = "running-trainer";
/// Whom access tokens are for.
pub const AUDIENCE: &str = "running-trainer";
/// How far clocks may be apart, in seconds.
pub const LEEWAY_S: u64 = 5;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: Uuid,
    /// What the user may do, as [`Role`](crate::Role) writes it. Unknown words are ignored: a token may come from a
    /// newer program.
    pub roles: Vec<String>,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was signed.
    pub iat: i64,
    /// When it begins, when not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Its own id.
    pub jti: Uuid,
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
}

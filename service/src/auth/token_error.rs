use crate::Problem;

/// Why a request has no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It carries no token.
    #[error("the request carries no access token")]
    Missing,
    /// It is no bearer token, or no token of ours.
    #[error("the access token is malformed")]
    Malformed,
    /// It ended.
    #[error("the access token has expired")]
    Expired,
    /// It has not begun.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// Its key, signature, issuer or audience is wrong.
    #[error("the access token is not valid")]
    Invalid,
    /// Its session has ended.
    #[error("the access token has been revoked")]
    Revoked,
    /// The keys to check it with could not be had.
    #[error("access tokens cannot be checked at the moment")]
    KeysUnavailable,
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::unauthorized(),
            TokenError::Malformed => Self::invalid_token("the access token is malformed"),
            TokenError::Expired => Self::invalid_token("the access token has expired"),
            TokenError::NotYetValid => Self::invalid_token("the access token is not valid yet"),
            TokenError::Invalid => Self::invalid_token("the access token is not valid"),
            TokenError::Revoked => Self::invalid_token("the access token has been revoked"),
            TokenError::KeysUnavailable => Self::unavailable(2),
        }
    }
}

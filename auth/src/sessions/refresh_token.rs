use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How long a refresh token may lie unused.
pub(super) const LIFETIME: TimeDelta = TimeDelta::days(30);
/// 256 bits: nobody guesses one, so a plain hash is enough to store it.
const LENGTH: usize = 32;

/// What a client gets a new access token with, once.
pub(crate) struct RefreshToken(Zeroizing<String>);

/// The system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random numbers for a refresh token")]
pub struct NoRandomness;

impl RefreshToken {
    /// A token nobody has had before.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    /// What a client sent as its token.
    pub(crate) fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// What the client is to keep.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_is_new_each_time() {
        let token = RefreshToken::generate().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(token.expose()).unwrap().len(), 32);
        assert_ne!(token.expose(), RefreshToken::generate().unwrap().expose());
        assert_eq!(token.hash(), RefreshToken::presented(token.expose()).hash());
    }

    #[test]
    fn debug_output_does_not_show_the_token() {
        assert_eq!(format!("{:?}", RefreshToken::presented("secret")), "RefreshToken(…)");
    }
}

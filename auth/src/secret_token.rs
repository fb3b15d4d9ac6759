use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::randomness::{NoRandomness, random_bytes};

/// 256 bits: nobody guesses one, so a plain hash is enough to store it.
const LENGTH: usize = 32;

/// Something that only one client can know, good for one step of a sign-in, or sent by mail to its reader. It shows itself nowhere.
#[derive(Clone)]
pub(crate) struct SecretToken(Zeroizing<String>);

impl SecretToken {
    /// A token nobody has had before.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes::<LENGTH>()?.as_slice()))))
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
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }

    /// Another secret that follows from this one, for a purpose and a place; 43 characters.
    pub(crate) fn derive(&self, purpose: &str, place: &str) -> String {
        let mut hasher = Sha256::new();
        for part in [purpose, place, self.expose()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        URL_SAFE_NO_PAD.encode(hasher.finalize())
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_is_new_each_time_and_not_shown_by_accident() {
        let token = SecretToken::generate().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(token.expose()).unwrap().len(), 32);
        assert_ne!(token.expose(), SecretToken::generate().unwrap().expose());
        assert_eq!(token.hash(), SecretToken::presented(token.expose()).hash());
        assert_eq!(format!("{token:?}"), "SecretToken(…)");
    }

    #[test]
    fn what_follows_from_a_token_follows_from_purpose_and_place_too() {
        let token = SecretToken::presented("secret");
        assert_eq!(token.derive("a", "b"), token.derive("a", "b"));
        assert_eq!(token.derive("a", "b").len(), 43);
        let others = [
            token.derive("a", "c"),
            token.derive("b", "b"),
            token.derive("ab", ""),
            SecretToken::presented("other").derive("a", "b"),
        ];
        assert!(!others.contains(&token.derive("a", "b")));
    }
}

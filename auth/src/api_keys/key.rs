use std::fmt;

use service::API_KEY_PREFIX;
use zeroize::Zeroizing;

use crate::randomness::NoRandomness;
use crate::secret_token::SecretToken;

/// A key that is about to be shown, once.
pub(crate) struct NewKey(SecretToken);

impl NewKey {
    /// A key nobody has had before.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let random = SecretToken::generate()?;
        let key = Zeroizing::new(format!("{API_KEY_PREFIX}{}", random.expose()));
        Ok(Self(SecretToken::presented(&key)))
    }

    /// What its owner is to keep.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        self.0.hash()
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_it_is_is_long_and_is_not_shown_by_accident() {
        let key = NewKey::generate().unwrap();
        // 32 bytes in base64.
        assert_eq!(key.expose().strip_prefix("rtk_").map(str::len), Some(43));
        assert_ne!(key.expose(), NewKey::generate().unwrap().expose());
        assert_eq!(format!("{key:?}"), "NewKey(…)");
    }
}

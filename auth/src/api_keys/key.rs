use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use service::API_KEY_PREFIX;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::sessions::NoRandomness;

/// 256 bits: nobody guesses one.
const LENGTH: usize = 32;

/// A key that is about to be shown, once.
pub(crate) struct NewKey(Zeroizing<String>);

impl NewKey {
    /// A key nobody has had before.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        Ok(Self(Zeroizing::new(format!("{API_KEY_PREFIX}{}", random.as_str()))))
    }

    /// What its owner is to keep.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
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
    fn a_key_says_what_it_is_has_256_bits_and_is_not_shown_by_accident() {
        let key = NewKey::generate().unwrap();
        let random = key.expose().strip_prefix("rtk_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        assert_ne!(key.expose(), NewKey::generate().unwrap().expose());
        assert_eq!(format!("{key:?}"), "NewKey(…)");
    }
}

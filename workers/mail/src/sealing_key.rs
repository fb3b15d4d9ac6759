use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

/// The bytes of the key.
const KEY_LENGTH: usize = 32;
/// The bytes of an XChaCha20 nonce, long enough to be drawn at random.
const NONCE_LENGTH: usize = 24;

/// The key under which mails lie in the queue: who reads the database alone, or a backup of it, finds no link that opens
/// an account.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; KEY_LENGTH]>);

/// The system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random numbers to seal a mail with")]
pub struct NoRandomness;

/// It was sealed under another key, or somebody changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unopened;

impl SealingKey {
    /// A key that somebody already holds.
    #[must_use]
    pub fn new(bytes: [u8; KEY_LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Closes a mail. It opens only under the same key and with the same label.
    pub(crate) fn seal(&self, mail: &[u8], label: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE_LENGTH];
        OsRng.try_fill_bytes(&mut nonce).map_err(|_| NoRandomness)?;
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: mail, aad: label })
            .expect("a mail is far below what the cipher can take");
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) closed.
    pub(crate) fn open(&self, sealed: &[u8], label: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(Unopened)?;
        let payload = Payload { msg: sealed, aad: label };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| Unopened)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_opens_only_under_its_key_and_label() {
        let key = SealingKey::new([7; KEY_LENGTH]);
        let sealed = key.seal(b"a link", b"mail 1").unwrap();
        assert_eq!(key.open(&sealed, b"mail 1").unwrap().as_slice(), b"a link");
        assert_eq!(key.open(&sealed, b"mail 2").unwrap_err(), Unopened);
        assert_eq!(
            SealingKey::new([8; KEY_LENGTH]).open(&sealed, b"mail 1").unwrap_err(),
            Unopened
        );
        assert_eq!(key.open(&sealed[..10], b"mail 1").unwrap_err(), Unopened);
        assert_ne!(sealed, key.seal(b"a link", b"mail 1").unwrap(), "a nonce is used once");
    }
}

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::randomness::{NoRandomness, random_bytes};

/// The bytes of the key.
const KEY_LENGTH: usize = 32;
/// The bytes of an XChaCha20 nonce, long enough to be drawn at random.
const NONCE_LENGTH: usize = 24;

/// The key under which private keys lie in the database. It comes from outside and is never stored there.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_LENGTH]>);

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is something else.
    #[error("a master key is 32 random bytes in base64, as `openssl rand -base64 32` prints them")]
    Malformed,
    /// Others on this machine can read it.
    #[error("the master key in {} can be read by others: set its mode to 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file can be neither read nor written.
    #[error("the master key in {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The private key was sealed under another master key, or somebody changed it.
#[derive(Debug)]
pub(crate) struct Unopened;

impl MasterKey {
    /// A key that somebody already holds.
    pub fn new(bytes: [u8; KEY_LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key nobody has had before.
    pub fn generate() -> Result<Self, MasterKeyError> {
        Ok(Self(random_bytes()?))
    }

    /// Reads a key from text: 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let bytes =
            Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterKeyError::Malformed)?);
        let bytes = <[u8; KEY_LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| MasterKeyError::Malformed)?;
        Ok(Self::new(bytes))
    }

    /// Reads the key from a file that only its owner can read; makes the file when there is none. Several
    /// processes that start at once end up with the same key.
    pub fn read_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::generate()?.create(path).map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        }
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path: path.to_owned() });
        }
        Self::parse(&Zeroizing::new(fs::read_to_string(path).map_err(failed)?))
    }

    /// Puts the whole key under its name at once, unless another process was first.
    fn create(&self, path: &Path) -> io::Result<()> {
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", uuid::Uuid::now_v7()));
        let draft = PathBuf::from(draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let text = Zeroizing::new(STANDARD.encode(self.0.as_slice()));
        let written = writeln!(file, "{}", text.as_str()).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
        fs::remove_file(&draft)?;
        linked
    }

    /// The key that mails lie under while they wait to be sent.
    #[must_use]
    pub fn mail_key(&self) -> mail::SealingKey {
        // One way only: whoever has it does not have the master key.
        let mut hasher = Sha256::new_with_prefix(b"running-trainer mail queue");
        hasher.update(self.0.as_slice());
        mail::SealingKey::new(hasher.finalize().into())
    }

    /// Closes a secret. It opens only under the same master key and with the same label.
    pub(crate) fn seal(&self, secret: &[u8], label: &str) -> Result<Vec<u8>, NoRandomness> {
        let nonce = *random_bytes::<NONCE_LENGTH>()?;
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: label.as_bytes() })
            .expect("a key is far below what the cipher can take");
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) closed.
    pub(crate) fn open(&self, sealed: &[u8], label: &str) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(Unopened)?;
        let payload = Payload { msg: sealed, aad: label.as_bytes() };
        self.cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Unopened)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_under_its_key_and_label() {
        let key = MasterKey::generate().unwrap();
        let sealed = key.seal(b"a private key", "label").unwrap();
        assert_eq!(key.open(&sealed, "label").unwrap().as_slice(), b"a private key");
        assert!(key.open(&sealed, "another label").is_err());
        assert!(MasterKey::generate().unwrap().open(&sealed, "label").is_err());
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        assert!(key.open(&changed, "label").is_err());
        assert!(key.open(&sealed[..10], "label").is_err());
        assert_ne!(sealed, key.seal(b"a private key", "label").unwrap(), "a nonce is used once");
    }

    #[test]
    fn the_file_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let keys: Vec<MasterKey> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| MasterKey::read_or_create(&path).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| key.0 == keys[0].0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no drafts are left");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(MasterKey::read_or_create(&path), Err(MasterKeyError::Exposed { .. })));
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let key = MasterKey::parse(" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
        assert_eq!(*key.0, std::array::from_fn(|index| u8::try_from(index).unwrap()));
        for text in ["", "AAEC", "not base64!", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISI="]
        {
            assert!(matches!(MasterKey::parse(text), Err(MasterKeyError::Malformed)), "{text}");
        }
    }

    #[test]
    fn debug_output_does_not_show_the_key() {
        assert_eq!(format!("{:?}", MasterKey::new([7; KEY_LENGTH])), "MasterKey(…)");
    }
}

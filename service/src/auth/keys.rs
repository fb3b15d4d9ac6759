use std::collections::HashMap;
use std::fmt;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jsonwebtoken::DecodingKey;
use tokio::sync::Mutex;
use tracing::warn;

/// How often the source of keys is asked, at most.
const REFRESH_PAUSE: Duration = Duration::from_secs(3);

/// The public half of a key that signs access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    /// Its name, as `kid` in the header of its tokens.
    pub kid: String,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
}

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the keys of access tokens cannot be had: {0}")]
pub struct KeySourceError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl KeySourceError {
    /// With its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

type Source =
    Box<dyn Fn() -> BoxFuture<'static, Result<Vec<VerifyingKey>, KeySourceError>> + Send + Sync>;

/// The keys that are known, and where others come from.
pub(super) struct Keys {
    known: RwLock<HashMap<String, DecodingKey>>,
    source: Source,
    /// The last time the source was asked. Held while asking, so that one request asks for all.
    asked: Mutex<Option<Asked>>,
}

struct Asked {
    at: Instant,
    answered: bool,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The source does not know it.
    Unknown,
    /// The source did not answer.
    Unavailable,
}

impl Keys {
    pub(super) fn new(known: Vec<VerifyingKey>, source: Source) -> Self {
        Self { known: RwLock::new(by_kid(known)), source, asked: Mutex::new(None) }
    }

    pub(super) async fn get(&self, kid: &str) -> Result<DecodingKey, NoKey> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let mut asked = self.asked.lock().await;
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        // Anybody can make up a kid: that must not make us ask without end.
        if let Some(last) = asked.as_ref().filter(|last| last.at.elapsed() < REFRESH_PAUSE) {
            return Err(if last.answered { NoKey::Unknown } else { NoKey::Unavailable });
        }
        let answer = (self.source)().await;
        *asked = Some(Asked { at: Instant::now(), answered: answer.is_ok() });
        match answer {
            Ok(keys) => {
                *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    by_kid(keys);
                self.known(kid).ok_or(NoKey::Unknown)
            }
            Err(error) => {
                warn!(%error, "keys of access tokens not refreshed");
                Err(NoKey::Unavailable)
            }
        }
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(kid).cloned()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

fn by_kid(keys: Vec<VerifyingKey>) -> HashMap<String, DecodingKey> {
    keys.into_iter().map(|key| (key.kid, DecodingKey::from_ed_der(&key.public_key))).collect()
}

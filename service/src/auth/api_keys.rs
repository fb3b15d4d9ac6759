use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use moka::{future, sync};
use tracing::warn;
use uuid::Uuid;

use super::{KeySourceError, Principal, TokenError};

/// What every API key begins with, so that whoever finds one knows what it is.
pub const API_KEY_PREFIX: &str = "rtk_";

/// How many keys are remembered, good ones and others.
const REMEMBERED: u64 = 20_000;
/// How long an answer is believed: as late as this a process learns of a change in another one.
const BELIEVED_FOR: Duration = Duration::from_millis(500);
/// How long a key that was revoked here is remembered: longer than an answer that was on its way then.
const REVOKED_FOR: Duration = Duration::from_secs(60);

type Source = Box<
    dyn Fn([u8; 32]) -> BoxFuture<'static, Result<Option<Principal>, KeySourceError>> + Send + Sync,
>;

/// Whom API keys speak for. Cheap to clone; clones share what they know.
///
/// A handler that revokes a key finds this among the request's extensions.
#[derive(Clone)]
pub struct ApiKeys(Arc<Inner>);

struct Inner {
    source: Source,
    known: future::Cache<[u8; 32], Option<Arc<Principal>>>,
    // Apart, because an answer that was on its way when the key was revoked must not bring it back.
    revoked: sync::Cache<Uuid, ()>,
}

impl ApiKeys {
    /// Asks `source` whom the key with a SHA-256 digest speaks for.
    pub fn new(
        source: impl Fn([u8; 32]) -> BoxFuture<'static, Result<Option<Principal>, KeySourceError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let known = future::Cache::builder().max_capacity(REMEMBERED);
        let revoked = sync::Cache::builder().max_capacity(REMEMBERED);
        Self(Arc::new(Inner {
            source: Box::new(source),
            known: known.time_to_live(BELIEVED_FOR).build(),
            revoked: revoked.time_to_live(REVOKED_FOR).build(),
        }))
    }

    /// Takes note that a key was revoked: it is refused from now on.
    pub fn revoke(&self, key_id: Uuid) {
        self.0.revoked.insert(key_id, ());
    }

    pub(super) async fn find(&self, digest: [u8; 32]) -> Result<Arc<Principal>, TokenError> {
        let found = self
            .0
            .known
            .try_get_with(digest, async {
                (self.0.source)(digest).await.map(|principal| principal.map(Arc::new))
            })
            .await
            .map_err(|cause| {
                warn!(%cause, "API key not looked up");
                TokenError::KeysUnavailable
            })?
            .ok_or(TokenError::Invalid)?;
        if self.0.revoked.contains_key(&found.jti) { Err(TokenError::Revoked) } else { Ok(found) }
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").finish_non_exhaustive()
    }
}

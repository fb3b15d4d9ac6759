use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use sqlx::PgPool;
use tokio::sync::Mutex;

use super::MasterKey;
use super::signing_key::{SigningKey, SigningKeyError};

/// How late a process learns that the key was rotated: much sooner than a retired key is published no more.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(10);

/// The key that signs now, in a process that goes on while it is rotated.
pub(crate) struct CurrentKey {
    master_key: MasterKey,
    held: Mutex<Held>,
}

struct Held {
    key: Arc<SigningKey>,
    looked_at: Instant,
}

impl CurrentKey {
    /// Opens the key in use, or makes the first one.
    pub(crate) async fn start(
        pool: &PgPool,
        master_key: &MasterKey,
    ) -> Result<Self, SigningKeyError> {
        let key = Arc::new(SigningKey::load_or_create(pool, master_key, Utc::now()).await?);
        let held = Mutex::new(Held { key, looked_at: Instant::now() });
        Ok(Self { master_key: master_key.clone(), held })
    }

    /// The key to sign with.
    pub(crate) async fn get(&self, pool: &PgPool) -> Result<Arc<SigningKey>, SigningKeyError> {
        let mut held = self.held.lock().await;
        if held.looked_at.elapsed() > LOOKED_AT_EVERY {
            if SigningKey::id_in_use(pool).await?.as_ref() != Some(&held.key.key_id) {
                let key = SigningKey::load_or_create(pool, &self.master_key, Utc::now()).await?;
                tracing::info!(key.id = key.key_id, "signing with another key");
                held.key = Arc::new(key);
            }
            held.looked_at = Instant::now();
        }
        Ok(Arc::clone(&held.key))
    }
}

impl fmt::Debug for CurrentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CurrentKey");
        if let Ok(held) = self.held.try_lock() {
            shown.field("key_id", &held.key.key_id);
        }
        shown.finish_non_exhaustive()
    }
}

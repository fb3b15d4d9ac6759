use std::fmt;
use std::sync::Arc;

use sqlx::PgPool;

use crate::error::AuthError;
use crate::keys::{CurrentKey, MasterKey};
use crate::password::PasswordHasher;

/// What the routes of `/api/v1/auth` need. Cheap to clone.
#[derive(Clone)]
pub struct AuthState {
    pub(crate) pool: PgPool,
    pub(crate) hasher: PasswordHasher,
    pub(crate) signing_key: Arc<CurrentKey>,
}

impl AuthState {
    /// Opens the signing key under the master key, and makes one when the database has none yet. The database must have
    /// been migrated.
    ///
    /// # Errors
    /// When the database does not answer, or its signing key does not open.
    pub async fn start(pool: PgPool, master_key: &MasterKey) -> Result<Self, AuthError> {
        let signing_key = Arc::new(CurrentKey::start(&pool, master_key).await?);
        let hasher = PasswordHasher::start().await?;
        Ok(Self { pool, hasher, signing_key })
    }
}

impl fmt::Debug for AuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthState").field("signing_key", &self.signing_key).finish_non_exhaustive()
    }
}

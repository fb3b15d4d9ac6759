use std::fmt;
use std::sync::Arc;

use sqlx::PgPool;

use crate::error::AuthError;
use crate::keys::{CurrentKey, MasterKey};
use crate::password::PasswordHasher;
use crate::post::Post;
use crate::providers::Providers;
use crate::settings::AuthSettings;

/// What the routes of `/api/v1/auth` need. Cheap to clone.
#[derive(Clone)]
pub struct AuthState {
    pub(crate) pool: PgPool,
    pub(crate) hasher: PasswordHasher,
    pub(crate) signing_key: Arc<CurrentKey>,
    pub(crate) master_key: MasterKey,
    pub(crate) providers: Providers,
    pub(crate) settings: Arc<AuthSettings>,
    pub(crate) post: Arc<Post>,
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
        let (key, providers) = (master_key.clone(), Providers::default());
        let settings = AuthSettings::default();
        let post = Post { key: master_key.mail_key(), public_url: settings.public_url.clone() };
        let (settings, post) = (Arc::new(settings), Arc::new(post));
        Ok(Self { pool, hasher, signing_key, master_key: key, providers, settings, post })
    }

    /// The same, where people can sign in through others too.
    #[must_use]
    pub fn with_providers(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    /// The same with what an operator has decided.
    #[must_use]
    pub fn with(self, settings: AuthSettings) -> Self {
        let key = self.post.key.clone();
        let post = Arc::new(Post { key, public_url: settings.public_url.clone() });
        Self { settings: Arc::new(settings), post, ..self }
    }
}

impl fmt::Debug for AuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthState").field("signing_key", &self.signing_key).finish_non_exhaustive()
    }
}

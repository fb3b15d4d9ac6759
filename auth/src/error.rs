use domain::OwnerId;
use event_store::StoreError;
use mail::EnqueueError;
use service::Problem;
use tracing::{error, warn};

use crate::keys::SigningKeyError;
use crate::password::HashingError;
use crate::randomness::NoRandomness;

/// How long a client is asked to wait when too many passwords are being hashed.
const RETRY_AFTER_S: u64 = 2;

/// Why something about accounts failed that is nobody's mistake.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The database refused, or did not answer.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tombstone was not appended.
    #[error(transparent)]
    EventStore(#[from] StoreError),
    /// A password was neither hashed nor compared.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// There is no key to sign access tokens with.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// An access token was not signed.
    #[error("signing an access token: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// A mail was not put into the queue.
    #[error("a mail was not queued: {0}")]
    Mail(#[from] EnqueueError),
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A second factor was stored under another master key, or somebody changed it.
    #[error(
        "the second factor of {0} does not open under this master key: start with the one it was made under, or take the \
         factor away with `trainer user remove-second-factor`"
    )]
    SealedFactor(OwnerId),
    /// A text is too long for a QR code.
    #[error("no QR code can hold the address of an authenticator app")]
    NoQrCode,
}

impl From<AuthError> for Problem {
    /// What a client is told. Logs the cause, which the client never sees.
    fn from(cause: AuthError) -> Self {
        match cause {
            AuthError::Database(cause) | AuthError::Mail(EnqueueError::Database(cause)) => {
                cause.into()
            }
            AuthError::Hashing(HashingError::Busy) => {
                warn!("too many passwords wait to be hashed");
                Self::unavailable(RETRY_AFTER_S)
            }
            AuthError::EventStore(StoreError::Database(cause) | StoreError::Unanswered(cause)) => {
                error!(%cause, "auth error");
                Self::unavailable(RETRY_AFTER_S)
            }
            AuthError::EventStore(_)
            | AuthError::Hashing(HashingError::Broken(_) | HashingError::Interrupted)
            | AuthError::SigningKey(_)
            | AuthError::Signing(_)
            | AuthError::Mail(_)
            | AuthError::NoRandomness(_)
            | AuthError::SealedFactor(_)
            | AuthError::NoQrCode => {
                error!(%cause, "auth error");
                Self::internal()
            }
        }
    }
}

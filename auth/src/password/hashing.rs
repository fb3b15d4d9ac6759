use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Password;
use super::argon2id::{self, WorkingMemory};

/// How many may wait for each one that is being worked on: at some 20 ms each, for about a second.
const WAITING_PER_CORE: usize = 50;

/// Turns passwords into hashes and compares them, as many at once as there are cores and never on an async thread.
#[derive(Clone)]
pub(crate) struct PasswordHasher {
    /// Everybody who waits or works: beyond this one is sent away.
    admitted: Arc<Semaphore>,
    working: Arc<Semaphore>,
    /// As much as was ever needed at once: at most one for each core.
    idle_memory: Arc<Mutex<Vec<WorkingMemory>>>,
    /// What a password is compared with when there is no account, so that it takes as long.
    nobodys_hash: Arc<str>,
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many are waiting already.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The hash in the database cannot be read, or there is no randomness or memory.
    #[error("password hashing: {0}")]
    Broken(Error),
    /// The thread that hashed did not come back.
    #[error("password hashing was interrupted")]
    Interrupted,
}

impl PasswordHasher {
    /// As many at once as the machine has cores.
    pub(crate) async fn start() -> Result<Self, HashingError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_limits(cores, cores * WAITING_PER_CORE).await
    }

    async fn with_limits(working: usize, waiting: usize) -> Result<Self, HashingError> {
        let mut hasher = Self {
            admitted: Arc::new(Semaphore::new(working + waiting)),
            working: Arc::new(Semaphore::new(working)),
            idle_memory: Arc::default(),
            nobodys_hash: Arc::from(""),
        };
        let nobody = Password::new("nobody's password, which is never accepted".to_owned());
        hasher.nobodys_hash = hasher.hash(nobody).await?.into();
        Ok(hasher)
    }

    /// The hash to store, in PHC form.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashingError> {
        self.work(move |memory| argon2id::hash(&password, memory)).await
    }

    /// Whether the password is the one that was hashed. Takes as long when there is nothing to compare it with.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<&str>,
    ) -> Result<bool, HashingError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or(&self.nobodys_hash).to_owned();
        let matches = self.work(move |memory| argon2id::verify(&password, &hash, memory)).await?;
        Ok(matches && exists)
    }

    /// Whether a hash was made by other parameters than those of now.
    pub(crate) fn is_outdated(hash: &str) -> bool {
        argon2id::is_outdated(hash)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WorkingMemory) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, HashingError> {
        let admitted =
            Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| HashingError::Busy)?;
        let working = Arc::clone(&self.working)
            .acquire_owned()
            .await
            .map_err(|_| HashingError::Interrupted)?;
        let turn = Turn {
            idle_memory: Arc::clone(&self.idle_memory),
            _working: working,
            _admitted: admitted,
        };
        let finished = tokio::task::spawn_blocking(move || {
            let mut memory = turn.memory().pop().unwrap_or_default();
            let result = work(&mut memory);
            turn.memory().push(memory);
            result
        });
        finished.await.map_err(|_| HashingError::Interrupted)?.map_err(HashingError::Broken)
    }
}

/// Held by the thread that hashes, not by the request: one that hangs up frees no core.
struct Turn {
    idle_memory: Arc<Mutex<Vec<WorkingMemory>>>,
    _working: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Turn {
    fn memory(&self) -> MutexGuard<'_, Vec<WorkingMemory>> {
        self.idle_memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let hasher = PasswordHasher::start().await.unwrap();
        let hash = hasher.hash(password("over hill over dale")).await.unwrap();
        assert_ne!(hash, hasher.hash(password("over hill over dale")).await.unwrap(), "salted");
        assert!(hasher.verify(password("over hill over dale"), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(password("over hill over dalf"), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        let hasher = PasswordHasher::start().await.unwrap();
        let nobodys = password("nobody's password, which is never accepted");
        assert!(!hasher.verify(nobodys, None).await.unwrap());
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_sent_away_and_may_come_back() {
        let hasher = PasswordHasher::with_limits(1, 1).await.unwrap();
        let first = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash(password("first of three")).await }
        });
        let second = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash(password("second of three")).await }
        });
        tokio::task::yield_now().await;
        assert!(matches!(hasher.hash(password("third of three")).await, Err(HashingError::Busy)));
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        hasher.hash(password("third of three")).await.unwrap();
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_an_error_not_a_refusal() {
        let hasher = PasswordHasher::start().await.unwrap();
        let outcome =
            hasher.verify(password("over hill over dale"), Some("$argon2id$broken")).await;
        assert!(matches!(outcome, Err(HashingError::Broken(_))));
    }
}

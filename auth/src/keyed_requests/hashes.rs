use domain::OwnerId;
use service::IdempotencyKey;
use sha2::{Digest, Sha256};

/// The place of one key: a stranger's `Idempotency-Key` and an account's are not the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyHash(pub(super) [u8; 32]);

/// What tells whether two requests are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestHash(pub(super) [u8; 32]);

impl KeyHash {
    /// The key of somebody who is registering and has no account yet.
    pub(crate) fn of_stranger(key: &IdempotencyKey) -> Self {
        Self(hash(&[b"register", key.as_str().as_bytes()]))
    }

    /// The key of an account.
    pub(crate) fn of_user(key: &IdempotencyKey, user_id: OwnerId) -> Self {
        Self(hash(&[b"user", user_id.0.as_bytes(), key.as_str().as_bytes()]))
    }
}

impl RequestHash {
    /// Of all that makes the request what it is.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        Self(hash(parts))
    }
}

/// With the length before each part, so that no two lists of parts look alike.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert!(RequestHash::of(&[b"ab", b"c"]) != RequestHash::of(&[b"a", b"bc"]));
        assert!(RequestHash::of(&[b"ab"]) == RequestHash::of(&[b"ab"]));
    }
}

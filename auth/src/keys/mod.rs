//! The keys that sign access tokens, and the one that keeps them closed in the database.

mod current_key;
mod master_key;
mod signing_key;
mod verifying_keys;

pub(crate) use current_key::CurrentKey;
pub use master_key::{MasterKey, MasterKeyError};
pub(crate) use signing_key::SigningKey;
pub use signing_key::{SigningKeyError, rotate_signing_key};
pub use verifying_keys::{verifier, verifying_keys};

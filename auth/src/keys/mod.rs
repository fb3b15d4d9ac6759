//! The keys that sign access tokens, and the one that keeps them closed in the database.

mod master_key;
mod signing_key;
mod verifying_keys;

pub use master_key::{MasterKey, MasterKeyError};
pub(crate) use signing_key::SigningKey;
pub use signing_key::SigningKeyError;
pub use verifying_keys::{verifier, verifying_keys};

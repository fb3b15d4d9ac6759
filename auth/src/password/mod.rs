//! Passwords: which are taken, and how they are kept.

mod argon2id;
mod commonly_used;
mod hashing;
mod patterns;
mod text;

pub use hashing::HashingError;
pub(crate) use hashing::PasswordHasher;
pub use text::Password;

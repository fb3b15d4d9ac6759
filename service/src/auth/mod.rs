//! Who is asking: access tokens and API keys, how they are verified, and the user they speak for.

mod access;
mod api_keys;
mod authenticate;
mod claims;
mod keys;
mod principal;
mod role;
mod sessions;
mod token_error;
mod verifier;

pub use access::{Access, Scope};
pub use api_keys::{API_KEY_PREFIX, ApiKeys};
pub use authenticate::{Authentication, authenticated};
pub use claims::{AUDIENCE, AccessClaims, ISSUER, LEEWAY_S};
pub use keys::{KeySourceError, VerifyingKey};
pub use principal::Principal;
pub use role::Role;
pub use sessions::Sessions;
pub use token_error::TokenError;
pub use verifier::Verifier;

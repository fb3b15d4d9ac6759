//! Who is asking: access tokens and API keys, how they are verified, and the user they speak for; and for whom a coach asks.

mod access;
mod acting;
mod api_keys;
mod authenticate;
mod claims;
mod coach_scope;
mod coaching;
mod keys;
mod principal;
mod role;
mod sessions;
mod token_error;
mod verifier;

pub use access::{Access, Scope};
pub use acting::{Acting, X_ACT_AS};
pub use api_keys::{API_KEY_PREFIX, ApiKeys};
pub use authenticate::{Authentication, authenticated};
pub use claims::{AUDIENCE, AccessClaims, ISSUER, LEEWAY_S};
pub use coach_scope::CoachScope;
pub use coaching::{CoachAccess, Coaching};
pub use keys::{KeySourceError, VerifyingKey};
pub use principal::Principal;
pub use role::Role;
pub use sessions::Sessions;
pub use token_error::TokenError;
pub use verifier::Verifier;

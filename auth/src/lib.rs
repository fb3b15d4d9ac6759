//! Accounts, passwords, sessions, and the access tokens that every service trusts.
//!
//! A program that only verifies tokens takes [`verifier`]. One that answers `/api/v1/auth` makes an [`AuthState`], merges
//! [`router`] into its own, and wraps the whole with [`service::authenticated`] and [`service::enveloped`].

mod access_token;
mod accounts;
mod activity;
mod api_keys;
mod coaching;
mod email;
mod error;
mod familiar;
mod issue_token;
mod keyed_requests;
mod keys;
mod links;
mod mail_tokens;
mod password;
mod post;
mod providers;
mod randomness;
mod routes;
mod secret_token;
mod sessions;
mod settings;
mod sign_in;
mod state;
mod throttle;
mod two_factor;

pub use access_token::AccessToken;
pub use accounts::{CreateUserError, create_user, find_user};
pub use email::Email;
pub use error::AuthError;
pub use issue_token::{IssueTokenError, issue_token};
pub use keys::{
    MasterKey, MasterKeyError, SigningKeyError, rotate_signing_key, verifier, verifying_keys,
};
pub use password::{HashingError, Password};
pub use providers::{ClientCredentials, Providers, ProvidersError};
pub use randomness::NoRandomness;
pub use routes::{document, router};
pub use settings::{AuthSettings, LoginThrottle, Verification};
pub use state::AuthState;
pub use two_factor::remove_second_factor;

//! Sessions: one for each sign-in, kept alive by refresh tokens that are used once.

mod id;
mod open;
mod refresh;
mod refresh_token;
mod revoke;

pub(crate) use id::SessionId;
pub(crate) use open::{open, open_without_refresh};
pub(crate) use refresh::{RefreshError, Refreshed, refresh};
pub use refresh_token::NoRandomness;
pub(crate) use refresh_token::RefreshToken;
pub(crate) use revoke::{Reason, is_alive, revoke, revoke_all};

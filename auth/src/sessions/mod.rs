//! Sessions: one for each sign-in, kept alive by refresh tokens that are used once.

mod id;
mod open;
mod proof;
mod refresh;
mod refresh_token;
mod revoke;

pub(crate) use id::SessionId;
pub(crate) use open::{open, open_without_refresh};
pub(crate) use proof::{GOOD_FOR as PROOF_GOOD_FOR, is_proved, prove, unprove_others};
pub(crate) use refresh::{RefreshError, Refreshed, refresh};
pub(crate) use refresh_token::RefreshToken;
pub(crate) use revoke::{Reason, is_alive, revoke, revoke_all};

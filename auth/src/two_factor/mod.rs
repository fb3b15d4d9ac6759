//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes for whoever has lost it.

mod check;
mod code;
mod enrolment;
mod in_use;
mod qr;
mod recovery_codes;
mod totp;

pub(crate) use check::{Means, Verdict, check_in_use};
pub(crate) use code::Code;
pub(crate) use enrolment::{Begun, Confirmation, begin, confirm};
pub use in_use::remove_second_factor;
pub(crate) use in_use::{TwoFactorStatus, is_on, remove, status};
pub(crate) use recovery_codes::{NewRecoveryCodes, replace};

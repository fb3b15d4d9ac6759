//! Tokens that are sent by mail and open one thing, once. What is stored is a hash.

mod redeem;
mod store;

pub(crate) use redeem::{Redeemed, address_of, redeem};
pub(crate) use store::{forget, issue};

use chrono::TimeDelta;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Shows that the address of an account gets mail.
    VerifyEmail,
    /// Sets another password.
    ResetPassword,
    /// Gives an account the address that it was sent to.
    ChangeEmail,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify email",
            Self::ResetPassword => "reset password",
            Self::ChangeEmail => "change email",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail]
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }

    /// How long it is good for.
    pub(crate) fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => TimeDelta::hours(24),
            Self::ResetPassword => TimeDelta::hours(1),
        }
    }
}

use chrono::TimeDelta;

use crate::secret_token::SecretToken;

/// How long a refresh token may lie unused.
pub(super) const LIFETIME: TimeDelta = TimeDelta::days(30);

/// What a client gets a new access token with, once.
pub(crate) type RefreshToken = SecretToken;

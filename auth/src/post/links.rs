use mail::PublicUrl;

use crate::secret_token::SecretToken;

/// Opens a page that verifies an address. The token is behind the `#`: browsers send that part to nobody, and so it gets
/// into no log.
pub(super) fn verify_email(url: &PublicUrl, token: &SecretToken) -> String {
    url.of(&format!("/api/v1/auth/pages/verify-email#token={}", token.expose()))
}

/// Opens a page on which another password is set.
pub(super) fn reset_password(url: &PublicUrl, token: &SecretToken) -> String {
    url.of(&format!("/api/v1/auth/pages/reset-password#token={}", token.expose()))
}

/// Opens a page on which another password is asked for.
pub(super) fn forgot_password(url: &PublicUrl) -> String {
    url.of("/api/v1/auth/pages/forgot-password")
}

/// Opens the part of the API document with which a question about coaching is answered.
pub(super) fn coaching(url: &PublicUrl) -> String {
    url.of("/docs#/coaching")
}

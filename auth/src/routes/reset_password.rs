use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::Utc;
use domain::Violation;
use service::readers::text;
use service::{ApiKeys, JsonBody, Problem, Sessions};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use super::verify_email::bad_token;
use crate::accounts::{self, Reset};
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::mail_tokens::{self, Purpose};
use crate::password::Password;
use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// What a mail brought, and the password you want.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ResetPasswordRequest {
    /// What is behind `#token=` in the link of the mail. It can be used once, within an hour.
    token: String,
    /// At least 10 characters, at most 1024 bytes, and none that attackers try first.
    #[schema(format = Password, min_length = 10, max_length = 1024, example = "thorough bush, thorough brier")]
    new_password: String,
}

/// Set another password with what a mail brought.
///
/// Every session ends. The address counts as verified; if it was not before, API keys and links to
/// providers end, too. A second factor stays.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    tag = "auth",
    operation_id = "reset_password",
    request_body = ResetPasswordRequest,
    responses((status = 204, description = "The password is changed"), BodyProblems),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn reset_password(
    State(auth): State<AuthState>,
    visitor: Visitor,
    sessions: Option<Extension<Sessions>>,
    api_keys: Option<Extension<ApiKeys>>,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token =
        fields.required("token", text(|text| Ok::<_, Violation>(SecretToken::presented(text))));
    let address = match &token {
        Some(token) => {
            mail_tokens::address_of(&auth.pool, token, Purpose::ResetPassword, Utc::now()).await?
        }
        None => None,
    };
    let email = address.as_deref().and_then(|address| Email::parse(address).ok());
    let new = fields.required(
        "new_password",
        text(|text| {
            let password = Password::new(text.to_owned());
            password.check(email.as_ref())?;
            Ok(password)
        }),
    );
    let (token, new) = fields.finish(|| Some((token?, new?)))?;
    if address.is_none() {
        return Err(bad_token());
    }
    let hash = auth.hasher.hash(new).await.map_err(AuthError::from)?;
    let reset = accounts::reset_password(&auth, &token, &hash, &visitor).await?;
    let Reset { user_id, sessions: ended, api_keys: revoked } = reset.ok_or_else(bad_token)?;
    if let Some(Extension(known)) = sessions {
        ended.iter().for_each(|session_id| known.end(session_id.0));
    }
    if let Some(Extension(known)) = api_keys {
        revoked.iter().for_each(|key_id| known.revoke(*key_id));
    }
    tracing::info!(user.id = %user_id, sessions = ended.len(), "password reset");
    activity::keep(&auth.pool, user_id, Kind::PasswordReset, By::Visitor(visitor), None).await;
    Ok(StatusCode::NO_CONTENT)
}

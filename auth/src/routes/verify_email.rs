use axum::extract::State;
use axum::http::StatusCode;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use crate::accounts::{self, Verified, VerifyError};
use crate::activity::{self, By, Kind, Visitor};
use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// What a mail brought.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct VerifyEmailRequest {
    /// What is behind `#token=` in the link of the mail. It can be used once, within 24 hours.
    token: String,
}

/// Show that you get mail at an address.
///
/// At that of a new account, or at the one that an account is to have.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email",
    tag = "auth",
    operation_id = "verify_email",
    request_body = VerifyEmailRequest,
    responses(
        (status = 204, description = "The address is verified"),
        (status = 409, description = "The new address has another account by now", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn verify_email(
    State(auth): State<AuthState>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let token =
        fields.required("token", text(|text| Ok::<_, Violation>(SecretToken::presented(text))));
    let token = fields.finish(|| token)?;
    let Verified { user_id, is_changed } = accounts::verify_email(&auth, &token).await?;
    let kind = if is_changed { Kind::EmailChanged } else { Kind::EmailVerified };
    tracing::info!(user.id = %user_id, ?kind, "address verified");
    activity::keep(&auth.pool, user_id, kind, By::Visitor(visitor), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a token that opens nothing, and does not say why.
pub(super) fn bad_token() -> Problem {
    let violation = Violation::new("invalid_token", "is unknown, used or expired");
    Problem::unprocessable(vec![violation.of("token")])
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::BadToken => bad_token(),
            VerifyError::EmailTaken => Self::conflict(error.to_string()),
            VerifyError::Auth(cause) => cause.into(),
        }
    }
}

use axum::extract::State;
use axum::http::StatusCode;
use service::readers::text;
use service::{JsonBody, Problem};

use super::forgot_password::EmailRequest;
use super::problems::BodyProblems;
use super::same_time::at_the_same_time;
use crate::accounts;
use crate::email::Email;
use crate::state::AuthState;

/// Get the mail again that verifies your address.
///
/// The answer is the same, and takes as long, whether or not there is an account that needs it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/resend-verification",
    tag = "auth",
    operation_id = "resend_verification",
    request_body = EmailRequest,
    responses(
        (status = 202, description = "If the address has an account and is not verified, a mail is on its way"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn resend_verification(
    State(auth): State<AuthState>,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let email = fields.required("email", text(Email::parse));
    let email = fields.finish(|| email)?;
    at_the_same_time(accounts::resend_verification(&auth, &email)).await?;
    tracing::info!("verification asked for again");
    Ok(StatusCode::ACCEPTED)
}

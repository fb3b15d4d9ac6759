use axum::extract::State;
use axum::http::StatusCode;
use service::readers::text;
use service::{JsonBody, Problem};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use super::same_time::at_the_same_time;
use crate::accounts;
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::state::AuthState;

/// Whose account it is about.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct EmailRequest {
    /// The address of the account, in any case.
    #[schema(format = Email, min_length = 3, max_length = 254, example = "ann@example.org")]
    email: String,
}

/// Get a mail with which you can set another password.
///
/// The answer is the same, and takes as long, whether or not there is an account. Nobody gets more than three such mails an
/// hour.
#[utoipa::path(
    post,
    path = "/api/v1/auth/forgot-password",
    tag = "auth",
    operation_id = "forgot_password",
    request_body = EmailRequest,
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn forgot_password(
    State(auth): State<AuthState>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let mut fields = body.fields();
    let email = fields.required("email", text(Email::parse));
    let email = fields.finish(|| email)?;
    at_the_same_time(async {
        if let Some(user_id) = accounts::forgot_password(&auth, &email).await? {
            let by = By::Visitor(visitor);
            activity::keep(&auth.pool, user_id, Kind::PasswordResetRequested, by, None).await;
        }
        Ok::<_, AuthError>(())
    })
    .await?;
    tracing::info!("another password asked for");
    Ok(StatusCode::ACCEPTED)
}

use axum::extract::State;
use axum::http::StatusCode;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::current_session::CurrentSession;
use super::present_password::{confirm, wrong_password};
use super::problems::BodyProblems;
use super::proof::require_proof;
use crate::accounts::{self, EmailChange};
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::password::Password;
use crate::state::AuthState;
use crate::two_factor;

/// How long a client is asked to wait that has sent as many mails as one may in an hour.
const RETRY_AFTER_S: u64 = 20 * 60;

/// The address you want, and the password you have.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ChangeEmailRequest {
    /// Where you get mail from now on; case does not count.
    #[schema(format = Email, min_length = 3, max_length = 254, example = "ann@new.example")]
    new_email: String,
    /// The present password.
    #[schema(format = Password, example = "over hill, over dale")]
    current_password: String,
}

/// Change your e-mail address.
///
/// The new address gets a mail with which to confirm it, by `verify-email`; until then nothing changes. The old one is
/// told now and then.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-email",
    tag = "auth",
    operation_id = "change_email",
    security(("bearer" = [])),
    request_body = ChangeEmailRequest,
    responses(
        (status = 202, description = "A mail is on its way; whether the address has another account is not said"),
        (status = 401, description = "No access token, or a bad one", body = ProblemDetails,
         content_type = "application/problem+json"),
        (status = 403, description = "It takes a session, and with a second factor one whose owner has proved who they are", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn change_email(
    State(auth): State<AuthState>,
    session: CurrentSession,
    visitor: Visitor,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    // Without a second factor the present password is all the proof there is.
    if two_factor::is_on(&auth.pool, session.user_id).await? {
        require_proof(&auth, session.session_id).await?;
    }
    let mut fields = body.fields();
    let new_email = fields.required("new_email", text(Email::parse));
    let current = fields.required(
        "current_password",
        text(|text| Ok::<_, Violation>(Password::new(text.to_owned()))),
    );
    let (new_email, current) = fields.finish(|| Some((new_email?, current?)))?;
    confirm(&auth, session.user_id, current, &visitor, Kind::EmailChangeFailed)
        .await?
        .ok_or_else(wrong_password)?;
    match accounts::request_email_change(&auth, session.user_id, &new_email).await? {
        EmailChange::Requested => {}
        EmailChange::TooOften => return Err(Problem::too_many_requests(RETRY_AFTER_S)),
        EmailChange::NoAccount => {
            return Err(Problem::invalid_token("the access token has been revoked"));
        }
    }
    tracing::info!("change of address asked for");
    let (by, to) = (By::Visitor(visitor), Some(new_email.as_str()));
    activity::keep(&auth.pool, session.user_id, Kind::EmailChangeRequested, by, to).await;
    Ok(StatusCode::ACCEPTED)
}

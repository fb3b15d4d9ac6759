use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails, Sessions};
use utoipa::ToSchema;

use super::current_session::CurrentSession;
use super::present_password::{confirm, wrong_password};
use super::problems::BodyProblems;
use super::proof::require_proof;
use crate::accounts;
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::password::Password;
use crate::state::AuthState;
use crate::two_factor;

/// The password you have, and the one you want.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ChangePasswordRequest {
    /// The present password.
    #[schema(format = Password, example = "over hill, over dale")]
    current_password: String,
    /// At least 10 characters, at most 1024 bytes, and none that attackers try first.
    #[schema(format = Password, min_length = 10, max_length = 1024, example = "thorough bush, thorough brier")]
    new_password: String,
}

/// Change your password.
///
/// This session goes on; every other one ends.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-password",
    tag = "auth",
    operation_id = "change_password",
    security(("bearer" = [])),
    request_body = ChangePasswordRequest,
    responses(
        (status = 204, description = "The password is changed"),
        (status = 401, description = "No access token, or a bad one", body = ProblemDetails,
         content_type = "application/problem+json"),
        (status = 403, description = "It takes a session, and with a second factor one whose owner has proved who they are",
         body = ProblemDetails, content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn change_password(
    State(auth): State<AuthState>,
    session: CurrentSession,
    visitor: Visitor,
    known: Option<Extension<Sessions>>,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let no_account = || Problem::invalid_token("the access token has been revoked");
    let present =
        accounts::present_password(&auth.pool, session.user_id).await?.ok_or_else(no_account)?;
    // Without a second factor the present password is all the proof there is.
    if two_factor::is_on(&auth.pool, session.user_id).await? {
        require_proof(&auth, session.session_id).await?;
    }
    let mut fields = body.fields();
    let current = fields.required(
        "current_password",
        text(|text| Ok::<_, Violation>(Password::new(text.to_owned()))),
    );
    let email = Email::parse(&present.email).ok();
    let new = fields.required(
        "new_password",
        text(|text| {
            let password = Password::new(text.to_owned());
            password.check(email.as_ref())?;
            Ok(password)
        }),
    );
    let (current, new) = fields.finish(|| Some((current?, new?)))?;
    let failed = Kind::PasswordChangeFailed;
    let present = confirm(&auth, session.user_id, current, &visitor, failed)
        .await?
        .ok_or_else(wrong_password)?;
    let hash = auth.hasher.hash(new).await.map_err(AuthError::from)?;
    let ended =
        accounts::change_password(&auth, session.user_id, &present.hash, &hash, session.session_id)
            .await?
            // Somebody else has changed it in the meantime.
            .ok_or_else(wrong_password)?;
    if let Some(Extension(known)) = known {
        ended.iter().for_each(|session_id| known.end(session_id.0));
    }
    let by = By::Visitor(visitor);
    activity::keep(&auth.pool, session.user_id, Kind::PasswordChanged, by, None).await;
    tracing::info!(sessions.ended = ended.len(), "password changed");
    Ok(StatusCode::NO_CONTENT)
}

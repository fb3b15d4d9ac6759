use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::browser::Browser;
use super::problems::BodyProblems;
use super::token_pair::TokenPair;
use super::{admission, take_code};
use crate::activity::Visitor;
use crate::secret_token::SecretToken;
use crate::sign_in::{self, Pending};
use crate::state::AuthState;
use crate::two_factor::{self, Code};

/// The second step of a sign-in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct CompleteLoginRequest {
    /// As the first step gave it. It is good for five minutes and one sign-in.
    challenge: String,
    /// Of the authenticator app, or a recovery code; needed where a second factor guards the account.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// Go on with a sign-in.
///
/// After a password or a provider was enough to say who it is, and a code is needed; or with the challenge that a browser
/// has brought back from a provider.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login/complete",
    tag = "auth",
    operation_id = "complete_login",
    request_body = CompleteLoginRequest,
    responses(
        (status = 200, description = "A session has begun", body = TokenPair),
        (status = 401, description = "The challenge is unknown, used or expired, or the code is wrong or was used before",
         body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The account is locked", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn complete_login(
    State(auth): State<AuthState>,
    visitor: Visitor,
    Browser(browser): Browser,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let challenge =
        fields.required("challenge", text(|text| Ok::<_, Violation>(SecretToken::presented(text))));
    let code = fields.optional("code", text(|text| Ok::<_, Violation>(Code::read(text))));
    let challenge = fields.finish(|| challenge)?;

    let pending = sign_in::attempt(&auth.pool, &challenge, browser.as_ref(), Utc::now()).await?;
    let Pending { user_id, roles, is_locked, provider } = pending.ok_or_else(no_challenge)?;
    admission::refuse_locked(&auth, &visitor, user_id, is_locked).await?;
    // Asked anew: what guarded the account when the sign-in began may be gone, and what did not may be there.
    if two_factor::is_on(&auth.pool, user_id).await? {
        let code = code.ok_or_else(|| {
            Problem::unprocessable(vec![Violation::new("required", "is required").of("code")])
        })?;
        take_code::take(&auth, &visitor, user_id, &code)
            .await?
            .map_err(|_| Problem::wrong_credentials("the code is wrong, or was used before"))?;
    }
    if !sign_in::finish(&auth.pool, &challenge).await? {
        return Err(no_challenge());
    }
    admission::open(&auth, visitor, user_id, &roles, provider.as_deref()).await
}

fn no_challenge() -> Problem {
    Problem::wrong_credentials("the challenge is unknown, used or expired; sign in again")
}

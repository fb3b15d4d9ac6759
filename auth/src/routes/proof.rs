use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::{OwnerId, Violation};
use serde::Serialize;
use service::readers::text;
use service::{JsonBody, Problem, ProblemKind};
use utoipa::ToSchema;

use super::current_session::CurrentSession;
use super::present_password::confirm;
use super::problems::{BodyProblems, SessionProblems};
use super::take_code;
use crate::activity::{self, By, Kind, Visitor};
use crate::password::Password;
use crate::sessions::{self, PROOF_GOOD_FOR, SessionId};
use crate::state::AuthState;
use crate::two_factor::{self, Code};

/// A session whose owner has proved a short while ago who they are: by signing in, or by [`prove`].
///
/// For what would let somebody keep an account who found a browser open, or a token.
pub(super) struct ProvedSession {
    pub(super) user_id: OwnerId,
    pub(super) session_id: SessionId,
}

impl FromRequestParts<AuthState> for ProvedSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let CurrentSession { user_id, session_id } =
            CurrentSession::from_request_parts(parts, auth).await?;
        require_proof(auth, session_id).await?;
        Ok(Self { user_id, session_id })
    }
}

/// Refuses a session whose owner has not proved for a while who they are.
pub(super) async fn require_proof(auth: &AuthState, session_id: SessionId) -> Result<(), Problem> {
    if sessions::is_proved(&auth.pool, session_id, Utc::now()).await? {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::ProofRequired).detail(
        "prove who you are with POST /api/v1/auth/proof, or sign in again, and repeat this",
    ))
}

/// All that a sign-in takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ProofRequest {
    /// The account's password.
    #[schema(format = Password, example = "over hill, over dale")]
    password: String,
    /// Of the authenticator app, or a recovery code; needed where a second factor guards the account.
    #[schema(example = "287082")]
    code: Option<String>,
}

/// A proof that was accepted.
#[derive(Serialize, ToSchema)]
pub(super) struct Proof {
    /// Until when this session may do what takes one.
    good_until: DateTime<Utc>,
}

/// Prove anew who you are.
///
/// For ten minutes this session may then change what matters most: the password of an account with a second factor, the
/// factor itself, API keys, links to providers, and whether the account is there at all. A sign-in is such a proof, too.
#[utoipa::path(
    post,
    path = "/api/v1/auth/proof",
    tag = "auth",
    operation_id = "prove",
    security(("bearer" = [])),
    request_body = ProofRequest,
    responses(
        (status = 200, description = "It is proved", body = Proof),
        SessionProblems,
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn prove(
    State(auth): State<AuthState>,
    session: CurrentSession,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let password = fields
        .required("password", text(|text| Ok::<_, Violation>(Password::new(text.to_owned()))));
    let code = fields.optional("code", text(|text| Ok::<_, Violation>(Code::read(text))));
    let is_on = two_factor::is_on(&auth.pool, session.user_id).await?;
    if is_on && code.is_none() && !fields.is_refused("code") {
        fields.refuse("code", Violation::new("required", "is required"));
    }
    let password = fields.finish(|| password)?;

    confirm(&auth, session.user_id, password, &visitor, Kind::ProofFailed)
        .await?
        .ok_or_else(|| wrong("password", "is not the present password"))?;
    if let (true, Some(code)) = (is_on, &code) {
        take_code::take(&auth, &visitor, session.user_id, code)
            .await?
            .map_err(|_| wrong("code", "is wrong, or was used before"))?;
    }
    let now = Utc::now();
    sessions::prove(&auth.pool, session.session_id, now).await?;
    activity::keep(&auth.pool, session.user_id, Kind::Proved, By::Visitor(visitor), None).await;
    tracing::info!("proved");
    Ok(Json(Proof { good_until: now + PROOF_GOOD_FOR }).into_response())
}

fn wrong(field: &'static str, message: &'static str) -> Problem {
    Problem::unprocessable(vec![Violation::new("wrong", message).of(field)])
}

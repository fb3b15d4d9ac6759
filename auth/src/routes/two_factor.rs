//! `/api/v1/auth/two-factor`: codes of an authenticator app as a second factor.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Violation;
use serde::Serialize;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::current_session::CurrentSession;
use super::problems::{BodyProblems, Problems, ProofProblems, SessionProblems};
use super::proof::ProvedSession;
use crate::accounts;
use crate::activity::{self, By, Kind, Visitor};
use crate::state::AuthState;
use crate::two_factor::{
    self, Begun, Code, Confirmation, NewRecoveryCodes, TwoFactorStatus, Verdict,
};

/// Whether a second factor guards your account.
#[utoipa::path(
    get,
    path = "/api/v1/auth/two-factor",
    tag = "auth",
    operation_id = "get_two_factor",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Whether it does", body = TwoFactorStatus),
        SessionProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn status(
    State(auth): State<AuthState>,
    session: CurrentSession,
) -> Result<Response, Problem> {
    let status = two_factor::status(&auth.pool, session.user_id).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(status)).into_response())
}

/// What an authenticator app is to be given; one of the three is enough.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment<'a> {
    /// The secret in base32, to be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: &'a str,
    /// The secret as a link, to be opened where the app is.
    #[schema(
        example = "otpauth://totp/Running%20Trainer:ann%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Running%20Trainer&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_uri: &'a str,
    /// The link as a QR code, to be scanned: an SVG image.
    qr_svg: &'a str,
}

/// Begin to guard your account with a second factor.
///
/// It guards nothing before its first code has come to `/api/v1/auth/two-factor/confirm`. Beginning again gives another secret.
#[utoipa::path(
    post,
    path = "/api/v1/auth/two-factor",
    tag = "auth",
    operation_id = "begin_two_factor",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What an authenticator app is to be given", body = Enrolment),
        ProofProblems,
        (status = 409, description = "A second factor guards the account already", body = ProblemDetails,
         content_type = "application/problem+json"),
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn begin(
    State(auth): State<AuthState>,
    session: ProvedSession,
) -> Result<Response, Problem> {
    let account = accounts::find(&auth.pool, session.user_id)
        .await?
        .ok_or_else(|| Problem::invalid_token("the access token has been revoked"))?;
    let begun =
        two_factor::begin(&auth.pool, &auth.master_key, session.user_id, &account.email).await?;
    let Begun { secret, uri, qr_svg } = begun.ok_or_else(|| {
        Problem::conflict(
            "a second factor guards the account already; remove it before adding another",
        )
    })?;
    tracing::info!("second factor begun");
    let enrolment = Enrolment { secret: &secret, otpauth_uri: &uri, qr_svg: &qr_svg };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(enrolment)).into_response())
}

/// The first code of an authenticator app.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct ConfirmRequest {
    /// Six digits, as the app shows them.
    #[schema(example = "287082")]
    code: String,
}

/// Codes that let their owner in without the app.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each is good once. They are shown this once.
    #[schema(min_items = 10, max_items = 10, example = json!(["k7qf-2mzp-aaaa-bbbb"]))]
    recovery_codes: Vec<String>,
}

/// Let the second factor guard your account.
///
/// From now on signing in takes a code. Sessions that are open go on; before they change what matters most, they need one, too.
#[utoipa::path(
    post,
    path = "/api/v1/auth/two-factor/confirm",
    tag = "auth",
    operation_id = "confirm_two_factor",
    security(("bearer" = [])),
    request_body = ConfirmRequest,
    responses(
        (status = 200, description = "It does; recovery codes, shown this once", body = RecoveryCodes),
        ProofProblems,
        (status = 409, description = "Nothing was begun, or a second factor guards the account already",
         body = ProblemDetails, content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn confirm(
    State(auth): State<AuthState>,
    session: ProvedSession,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let code = fields.required("code", text(|text| Ok::<_, Violation>(Code::read(text))));
    let code = fields.finish(|| code)?;
    let ProvedSession { user_id, session_id } = session;
    let confirmed =
        two_factor::confirm(&auth.pool, &auth.master_key, user_id, session_id, &code).await?;
    match confirmed {
        Confirmation::On(codes) => {
            let by = By::Visitor(visitor);
            activity::keep(&auth.pool, user_id, Kind::TwoFactorOn, by, None).await;
            tracing::info!("second factor on");
            Ok(shown_once(&codes))
        }
        Confirmation::Refused(Verdict::Blocked { retry_after_s }) => {
            Err(Problem::too_many_requests(retry_after_s))
        }
        Confirmation::Refused(Verdict::NoFactor) => Err(Problem::conflict(
            "no second factor waits for its first code: begin with POST /api/v1/auth/two-factor",
        )),
        Confirmation::Refused(Verdict::Wrong | Verdict::Right(_)) => {
            Err(Problem::unprocessable(vec![
                Violation::new("wrong", "is wrong: look at the clock of the device").of("code"),
            ]))
        }
    }
}

/// Get new recovery codes.
///
/// Those you have are worth nothing any more.
#[utoipa::path(
    post,
    path = "/api/v1/auth/two-factor/recovery-codes",
    tag = "auth",
    operation_id = "replace_recovery_codes",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The codes; they are shown this once", body = RecoveryCodes),
        ProofProblems,
        (status = 409, description = "No second factor guards the account", body = ProblemDetails,
         content_type = "application/problem+json"),
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn replace_recovery_codes(
    State(auth): State<AuthState>,
    session: ProvedSession,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let codes = two_factor::replace(&auth.pool, session.user_id)
        .await?
        .ok_or_else(|| Problem::conflict("no second factor guards the account"))?;
    let by = By::Visitor(visitor);
    activity::keep(&auth.pool, session.user_id, Kind::RecoveryCodesMade, by, None).await;
    tracing::info!("recovery codes made");
    Ok(shown_once(&codes))
}

/// Guard your account with its password alone again.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/two-factor",
    tag = "auth",
    operation_id = "remove_two_factor",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Signing in takes no code"),
        ProofProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn remove(
    State(auth): State<AuthState>,
    session: ProvedSession,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    if two_factor::remove(&auth.pool, session.user_id).await? {
        let by = By::Visitor(visitor);
        activity::keep(&auth.pool, session.user_id, Kind::TwoFactorOff, by, None).await;
        tracing::info!("second factor off");
    }
    Ok(StatusCode::NO_CONTENT)
}

fn shown_once(codes: &NewRecoveryCodes) -> Response {
    let codes = RecoveryCodes { recovery_codes: codes.expose() };
    ([(header::CACHE_CONTROL, "no-store")], Json(codes)).into_response()
}

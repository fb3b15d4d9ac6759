use axum::extract::State;
use axum::response::Response;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::admission;
use super::problems::BodyProblems;
use super::token_pair::TokenPair;
use crate::accounts;
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::password::Password;
use crate::settings::{LoginThrottle, Verification};
use crate::state::AuthState;
use crate::throttle::Attempt;

/// An e-mail address and its password.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct LoginRequest {
    /// In any case.
    #[schema(example = "ann@example.org")]
    email: String,
    /// The account's password.
    #[schema(format = Password, example = "over hill, over dale")]
    password: String,
}

/// Sign in.
///
/// Where a second factor guards the account, the answer is a 403 of type `second-factor-required` with a `challenge`: send it
/// with a code to `/api/v1/auth/login/complete` within five minutes.
///
/// Whoever has tried too many passwords for an address, or from one, waits longer and longer, and is told how long.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    operation_id = "login",
    request_body = LoginRequest,
    responses(
        (status = 200, description = "A session has begun", body = TokenPair),
        (status = 401, description = "The e-mail address or the password is wrong", body = ProblemDetails,
         content_type = "application/problem+json"),
        (status = 403, description = "The account is locked, or a code is needed", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn login(
    State(auth): State<AuthState>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, Problem> {
    let (said, email, password) = read(&body)?;
    let admitted = match auth.settings.login_throttle {
        LoginThrottle::On => {
            let attempt = Attempt::to_sign_in(&said, email.as_ref(), &visitor);
            Some(attempt.admit(&auth.pool).await??)
        }
        LoginThrottle::Off => None,
    };
    let account = match &email {
        Some(email) => accounts::credentials(&auth.pool, email).await?,
        None => None,
    };
    // Unknown or not, a password is hashed: the time tells nobody whether there is an account.
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    let is_right = auth.hasher.verify(password.clone(), hash).await.map_err(AuthError::from)?;
    let must_be_verified = auth.settings.verification == Verification::Required;
    let account = match account {
        Some(account) if is_right && (account.is_verified || !must_be_verified) => account,
        wrong => {
            if let Some(admitted) = admitted {
                admitted.failed(&auth.pool).await??;
            }
            // The answer does not wait for it: its time would tell that there is an account.
            if let Some(account) = wrong {
                let (pool, by) = (auth.pool.clone(), By::Visitor(visitor));
                tokio::spawn(async move {
                    activity::keep(&pool, account.user_id, Kind::SignInFailed, by, None).await;
                });
            }
            tracing::info!("login refused");
            return Err(Problem::wrong_credentials(refusal(auth.settings.verification)));
        }
    };
    if let Some(admitted) = admitted {
        admitted.succeeded(&auth.pool).await??;
    }
    accounts::upgrade_hash(&auth, account.user_id, password, &account.password_hash);
    admission::admit(&auth, visitor, &account, None).await
}

/// What is no e-mail address has no account: that too is a wrong one, and no other answer.
fn read(body: &JsonBody) -> Result<(String, Option<Email>, Password), Problem> {
    let mut fields = body.fields();
    let said = fields.required("email", text(|text| Ok::<_, Violation>(text.to_owned())));
    let password = fields
        .required("password", text(|text| Ok::<_, Violation>(Password::new(text.to_owned()))));
    let (said, password) = fields.finish(|| Some((said?, password?)))?;
    let email = Email::parse(&said).ok();
    Ok((said, email, password))
}

/// What every refused sign-in is told: where addresses must be verified, nobody learns whether it is only that.
fn refusal(verification: Verification) -> &'static str {
    match verification {
        Verification::Off => "the e-mail address or the password is wrong",
        Verification::Required => {
            "the e-mail address or the password is wrong, or the address is not verified yet"
        }
    }
}

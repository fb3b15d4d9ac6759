use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use domain::Violation;
use service::readers::text;
use service::{JsonBody, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use super::token_pair::{self, TokenPair};
use crate::accounts;
use crate::activity::{self, By, Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::password::Password;
use crate::sessions;
use crate::state::AuthState;

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
        (status = 403, description = "The account is locked", body = ProblemDetails,
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
    let (email, password) = read(&body)?;
    let account = match &email {
        Some(email) => accounts::credentials(&auth.pool, email).await?,
        None => None,
    };
    // Unknown or not, a password is hashed: the time tells nobody whether there is an account.
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    let is_right = auth.hasher.verify(password, hash).await.map_err(AuthError::from)?;
    let by = By::Visitor(visitor);
    let account = match account {
        Some(account) if is_right => account,
        wrong => {
            // The answer does not wait for it: its time would tell that there is an account.
            if let Some(account) = wrong {
                let pool = auth.pool.clone();
                tokio::spawn(async move {
                    activity::keep(&pool, account.user_id, Kind::SignInFailed, by, None).await;
                });
            }
            tracing::info!("login refused");
            return Err(Problem::wrong_credentials("the e-mail address or the password is wrong"));
        }
    };
    // Only who knows the password learns of it.
    if account.is_locked {
        tracing::info!(user.id = %account.user_id, "login to a locked account refused");
        activity::keep(&auth.pool, account.user_id, Kind::SignInFailed, by, None).await;
        return Err(Problem::forbidden("the account is locked; ask who runs this server"));
    }
    let now = Utc::now();
    let (session_id, refresh_token) = sessions::open(&auth.pool, account.user_id, now).await?;
    tracing::info!(user.id = %account.user_id, session.id = %session_id, "logged in");
    activity::keep(&auth.pool, account.user_id, Kind::SignedIn, by, None).await;
    Ok(token_pair::answer(&auth, account.user_id, &account.roles, session_id, &refresh_token, now)
        .await?)
}

/// What is no e-mail address has no account: that too is a wrong one, and no other answer.
fn read(body: &JsonBody) -> Result<(Option<Email>, Password), Problem> {
    let mut fields = body.fields();
    let email = fields.required("email", text(|text| Ok::<_, Violation>(Email::parse(text).ok())));
    let password = fields
        .required("password", text(|text| Ok::<_, Violation>(Password::new(text.to_owned()))));
    fields.finish(|| Some((email?, password?)))
}

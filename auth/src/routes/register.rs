use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Name;
use service::readers::text;
use service::{IdempotencyKey, JsonBody, KeyHeader, Problem, ProblemDetails};
use utoipa::ToSchema;

use super::problems::BodyProblems;
use super::same_time::at_the_same_time;
use crate::accounts::{self, RegisterError, Registered, Registration};
use crate::email::Email;
use crate::keyed_requests::Answer;
use crate::password::Password;
use crate::settings::Verification;
use crate::state::AuthState;

/// Somebody who wants an account.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes the body in the API document; Registration is what is read from it"
)]
pub(super) struct RegisterRequest {
    /// Where the owner gets mail; case does not count.
    #[schema(format = Email, min_length = 3, max_length = 254, example = "ann@example.org")]
    email: String,
    /// At least 10 characters, at most 1024 bytes, and none that attackers try first.
    #[schema(format = Password, min_length = 10, max_length = 1024, example = "over hill, over dale")]
    password: String,
    /// What the owner wants to be called.
    #[schema(min_length = 1, max_length = 255, example = "Ann")]
    name: Option<String>,
}

/// Make an account.
///
/// Where the server wants addresses verified, a mail brings what to send to `verify-email`, and the account can be used
/// after that. Then an address that has an account is answered like any other, and its owner gets a mail.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    request_body = RegisterRequest,
    params(KeyHeader),
    responses(
        (status = 201, description = "The account is made", body = Registered),
        (status = 409, description = "The e-mail address has an account, where addresses need not be verified", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn register(
    State(auth): State<AuthState>,
    key: Option<IdempotencyKey>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let registration = read(&body)?;
    let registering = accounts::register(&auth, registration, key.as_ref());
    let answer = match auth.settings.verification {
        Verification::Off => registering.await?,
        Verification::Required => at_the_same_time(registering).await?,
    };
    if let Answer::First(registered) = &answer {
        tracing::info!(user.id = %registered.user_id, "registered");
    }
    Ok(answer.into_json(StatusCode::CREATED))
}

fn read(body: &JsonBody) -> Result<Registration, Problem> {
    let mut fields = body.fields();
    let email = fields.required("email", text(Email::parse));
    let password = fields.required(
        "password",
        text(|text| {
            let password = Password::new(text.to_owned());
            password.check(email.as_ref())?;
            Ok(password)
        }),
    );
    let name = fields.optional("name", text(Name::parse));
    fields.finish(|| Some(Registration { email: email?, password: password?, name }))
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Self::conflict(error.to_string()),
            RegisterError::KeyReused => Self::unprocessable_request(error.to_string()),
            RegisterError::Auth(cause) => cause.into(),
        }
    }
}

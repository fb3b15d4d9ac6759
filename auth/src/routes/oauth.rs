//! `/api/v1/auth/oauth/{provider}`: on the way to a provider.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use domain::Violation;
use serde::{Deserialize, Serialize};
use service::readers::text;
use service::{ApiQuery, JsonBody, Problem, ProblemDetails};
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::browser;
use super::problems::{BodyProblems, Problems};
use crate::providers::{self, Provider, Secrets, Visit};
use crate::secret_token::SecretToken;
use crate::sessions::SessionId;
use crate::state::AuthState;

/// Where a browser wants to go when it is back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Going {
    /// One of the addresses that the operator allows. Without it the answer is given where the provider sends the browser.
    redirect_uri: Option<String>,
}

/// Sign in through a provider.
///
/// For a browser: sends it there. When it is back, it is sent on to `redirect_uri` with `#challenge=…`, good for one
/// `/api/v1/auth/login/complete` by this browser within five minutes, or with `#error=…`; without a `redirect_uri` it gets the
/// tokens themselves.
#[utoipa::path(
    get,
    path = "/api/v1/auth/oauth/{provider}",
    tag = "auth",
    operation_id = "go_to_provider",
    params(("provider" = String, Path, description = "`google`, `strava`, or what the operator calls another one"), Going),
    responses(
        (status = 303, description = "To the provider", headers(
            ("Location" = String, description = "Of the provider"),
            ("Set-Cookie" = String, description = "Which the browser must bring back"))),
        (status = 400, description = "It may not be sent on to redirect_uri", body = ProblemDetails,
         content_type = "application/problem+json"),
        (status = 404, description = "Nobody signs in through this provider here", body = ProblemDetails,
         content_type = "application/problem+json"),
        Problems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn go_to_provider(
    State(auth): State<AuthState>,
    Path(provider): Path<String>,
    ApiQuery(going): ApiQuery<Going>,
) -> Result<Response, Problem> {
    let left = leave(&auth, &provider, going.redirect_uri.as_deref(), None).await?;
    let headers = [
        (header::LOCATION, left.url.as_str().parse().map_err(|_| Problem::internal())?),
        (header::SET_COOKIE, browser::cookie(&auth, &left.browser)),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Where a program's user wants to go when they are back.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct GoRequest {
    /// One of the addresses that the operator allows.
    redirect_uri: Option<String>,
}

/// Where to send a browser.
#[derive(Serialize, ToSchema)]
pub(super) struct Authorization {
    /// At the provider. It must be the browser that has got this answer's cookie.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code")]
    authorization_url: String,
}

/// Sign in through a provider, from a page.
///
/// As with GET, but tells where to send the browser instead of sending it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/oauth/{provider}",
    tag = "auth",
    operation_id = "begin_sign_in",
    request_body = GoRequest,
    params(("provider" = String, Path, description = "`google`, `strava`, or what the operator calls another one")),
    responses(
        (status = 200, description = "Where to send the browser", body = Authorization,
         headers(("Set-Cookie" = String, description = "Which the browser must bring back"))),
        (status = 404, description = "Nobody signs in through this provider here", body = ProblemDetails,
         content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn begin(
    State(auth): State<AuthState>,
    Path(provider): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let redirect_uri = read(&body)?;
    let left = leave(&auth, &provider, redirect_uri.as_deref(), None).await?;
    Ok(told(&auth, left))
}

/// The only field of the requests that send a browser away.
pub(super) fn read(body: &JsonBody) -> Result<Option<String>, Problem> {
    let mut fields = body.fields();
    let redirect_uri =
        fields.optional("redirect_uri", text(|text| Ok::<_, Violation>(text.to_owned())));
    fields.finish(|| Some(redirect_uri))
}

/// What a browser needs to leave.
pub(super) struct Left {
    url: Url,
    browser: SecretToken,
}

/// Prepares a visit to a provider: for signing in, or for a session that wants a link.
pub(super) async fn leave(
    auth: &AuthState,
    name: &str,
    redirect_to: Option<&str>,
    session: Option<SessionId>,
) -> Result<Left, Problem> {
    let (provider, http) = auth.providers.find(name).ok_or_else(no_provider)?;
    if redirect_to.is_some_and(|url| !auth.providers.may_return_to(url)) {
        return Err(Problem::bad_request(
            "redirect_uri is none that this server may send browsers to",
        ));
    }
    let visit = Visit { provider: provider.name(), redirect_to, session };
    let (state, browser) = providers::begin_visit(&auth.pool, visit, Utc::now()).await?;
    let secrets = secrets(auth, provider, &state, &browser)?;
    let url = provider.authorization_url(http, &secrets).await?;
    tracing::info!(provider = provider.name(), "browser sent to a provider");
    Ok(Left { url, browser })
}

/// The answer that tells where to send a browser.
pub(super) fn told(auth: &AuthState, left: Left) -> Response {
    let headers = [
        (header::SET_COOKIE, browser::cookie(auth, &left.browser)),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    let authorization = Authorization { authorization_url: left.url.into() };
    (headers, Json(authorization)).into_response()
}

/// All that a visit goes by follows from what the browser alone has: nothing of it is stored.
pub(super) fn secrets<'a>(
    auth: &AuthState,
    provider: &Provider,
    state: &'a SecretToken,
    browser: &SecretToken,
) -> Result<Secrets<'a>, Problem> {
    Ok(Secrets {
        nonce: browser.derive("nonce", state.expose()),
        verifier: browser.derive("verifier", state.expose()),
        callback: auth.providers.callback(provider.name()).ok_or_else(no_provider)?,
        state: state.expose(),
    })
}

pub(super) fn no_provider() -> Problem {
    Problem::not_found("provider").detail("nobody signs in through this provider here")
}

const NO_STORE: axum::http::HeaderValue = axum::http::HeaderValue::from_static("no-store");

//! `/api/v1/auth/oauth/{provider}/callback`: back from a provider.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use domain::Violation;
use serde::{Deserialize, Serialize};
use service::readers::text;
use service::{ApiQuery, JsonBody, Problem, ProblemDetails};
use url::form_urlencoded;
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::browser::Browser;
use super::problems::{BodyProblems, Problems};
use super::token_pair::TokenPair;
use super::{admission, oauth};
use crate::accounts::{self, NotVouchedFor, ThroughProvider};
use crate::activity::{self, By, Kind, Visitor};
use crate::links::{self, Linked};
use crate::providers::{self, Identity, Returned};
use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// What a provider sends a browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Answer {
    /// What the provider is asked with who it is.
    code: Option<String>,
    /// As it was sent along.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Refuses whoever comes back and is not let in.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
enum ReturnProblems {
    /// The provider did not let you in or its word is not enough, the account is locked, or a code is needed
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
    /// Nobody signs in through this provider here
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
    /// It is linked otherwise already
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] ProblemDetails),
}

/// Come back from a provider.
///
/// Takes the cookie that the browser left with. Signs in, or links the account that asked for it.
#[utoipa::path(
    get,
    path = "/api/v1/auth/oauth/{provider}/callback",
    tag = "auth",
    operation_id = "come_back",
    params(("provider" = String, Path, description = "Where the browser was"), Answer),
    responses(
        (status = 200, description = "A session has begun; or, for a link, the link", body = TokenPair),
        (status = 303, description = "On to the redirect_uri it left with",
         headers(("Location" = String, description = "With `#challenge=…`, `#linked=…` or `#error=…`"))),
        (status = 400, description = "Not a browser that left for this provider within ten minutes, or the provider's answer \
                                      does not hold", body = ProblemDetails, content_type = "application/problem+json"),
        ReturnProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn come_back(
    State(auth): State<AuthState>,
    Path(provider): Path<String>,
    visitor: Visitor,
    Browser(browser): Browser,
    ApiQuery(answer): ApiQuery<Answer>,
) -> Result<Response, Problem> {
    take_back(auth, provider, visitor, browser, answer).await
}

/// What a page has got from a provider.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct BringBackRequest {
    /// What the provider is asked with who it is.
    code: Option<String>,
    /// As it was sent along.
    state: String,
    /// Why there is no code.
    error: Option<String>,
}

/// Come back from a provider, from a page.
///
/// As with GET, for a page in the browser that left.
#[utoipa::path(
    post,
    path = "/api/v1/auth/oauth/{provider}/callback",
    tag = "auth",
    operation_id = "bring_back",
    request_body = BringBackRequest,
    params(("provider" = String, Path, description = "Where the browser was")),
    responses(
        (status = 200, description = "A session has begun; or, for a link, the link", body = TokenPair),
        (status = 303, description = "On to the redirect_uri it left with",
         headers(("Location" = String, description = "With `#challenge=…`, `#linked=…` or `#error=…`"))),
        ReturnProblems,
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(super) async fn bring_back(
    State(auth): State<AuthState>,
    Path(provider): Path<String>,
    visitor: Visitor,
    Browser(browser): Browser,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let as_it_is = || text(|text| Ok::<_, Violation>(text.to_owned()));
    let code = fields.optional("code", as_it_is());
    let state = fields.required("state", as_it_is());
    let error = fields.optional("error", as_it_is());
    let answer = fields.finish(|| Some(Answer { code, state: Some(state?), error }))?;
    take_back(auth, provider, visitor, browser, answer).await
}

/// An account that can be signed in to through a provider from now on.
#[derive(Serialize, ToSchema)]
struct NowLinked<'a> {
    linked: &'a str,
}

/// What comes of a browser that is back.
async fn take_back(
    auth: AuthState,
    provider: String,
    visitor: Visitor,
    browser: Option<SecretToken>,
    answer: Answer,
) -> Result<Response, Problem> {
    let (name, _) = auth.providers.find(&provider).ok_or_else(oauth::no_provider)?;
    let name = name.name().to_owned();
    let (Some(state), Some(browser)) = (&answer.state, browser) else { return Err(unknown()) };
    let state = SecretToken::presented(state);
    let returned = providers::end_visit(&auth.pool, &name, &state, &browser, Utc::now()).await?;
    let Returned { redirect_to, link } = returned.ok_or_else(unknown)?;

    let identity = who(&auth, &name, &state, &browser, &answer).await;
    let outcome = match (identity, link) {
        (Err(problem), _) => Err(problem),
        (Ok(identity), Some((_, user_id))) => {
            make_link(&auth, visitor, user_id, &name, &identity).await.map(|()| None)
        }
        (Ok(identity), None) => {
            let account = account(&auth, &visitor, &name, &identity).await;
            match (account, &redirect_to) {
                (Err(problem), _) => Err(problem),
                (Ok(account), None) => {
                    return admission::admit(&auth, visitor, &account, Some(&name)).await;
                }
                (Ok(account), Some(_)) => {
                    admission::admit_later(&auth, &visitor, &account, &name, &browser)
                        .await
                        .map(Some)
                }
            }
        }
    };
    match redirect_to {
        Some(redirect_to) => Ok(sent_on(&redirect_to, &name, outcome)),
        None => outcome.map(|_| Json(NowLinked { linked: &name }).into_response()),
    }
}

/// Who the provider says is there.
async fn who(
    auth: &AuthState,
    name: &str,
    state: &SecretToken,
    browser: &SecretToken,
    answer: &Answer,
) -> Result<Identity, Problem> {
    let (provider, http) = auth.providers.find(name).ok_or_else(oauth::no_provider)?;
    let code = match (&answer.code, &answer.error) {
        (Some(code), None) => code,
        (_, Some(_)) | (None, None) => {
            tracing::info!(provider = name, "provider did not let somebody in");
            return Err(Problem::forbidden("the provider did not let you in"));
        }
    };
    let secrets = oauth::secrets(auth, provider, state, browser)?;
    Ok(provider.identity(http, code, &secrets).await?)
}

async fn account(
    auth: &AuthState,
    visitor: &Visitor,
    provider: &str,
    identity: &Identity,
) -> Result<accounts::Credentials, Problem> {
    let found = accounts::through_provider(auth, provider, identity).await?;
    let ThroughProvider { account, is_linked_now } = found.map_err(|refusal| {
        tracing::info!(provider, %refusal, "sign-in through a provider refused");
        match refusal {
            NotVouchedFor::NoEmail => Problem::forbidden(refusal.to_string()),
            NotVouchedFor::Unverified | NotVouchedFor::LinkedToAnother => {
                Problem::conflict(refusal.to_string())
            }
        }
    })?;
    if is_linked_now {
        let by = By::Visitor(visitor.clone());
        activity::keep(&auth.pool, account.user_id, Kind::Linked, by, Some(provider)).await;
    }
    Ok(account)
}

async fn make_link(
    auth: &AuthState,
    visitor: Visitor,
    user_id: domain::OwnerId,
    provider: &str,
    identity: &Identity,
) -> Result<(), Problem> {
    let mut connection = auth.pool.acquire().await?;
    match links::link(&mut connection, user_id, provider, identity).await? {
        Linked::Now => {
            let by = By::Visitor(visitor);
            activity::keep(&auth.pool, user_id, Kind::Linked, by, Some(provider)).await;
            tracing::info!(user.id = %user_id, provider, "linked");
            Ok(())
        }
        Linked::Before => Ok(()),
        Linked::OfAnother => {
            Err(Problem::conflict("another account is linked to this person at the provider"))
        }
        Linked::ToAnother => {
            Err(Problem::conflict("the account is linked to somebody else at this provider"))
        }
    }
}

/// Sends a browser on. What follows `#` is seen by the page alone: browsers tell it to no server.
fn sent_on(
    redirect_to: &str,
    provider: &str,
    outcome: Result<Option<SecretToken>, Problem>,
) -> Response {
    let mut fragment = form_urlencoded::Serializer::new(String::new());
    match &outcome {
        Ok(Some(challenge)) => fragment.append_pair("challenge", challenge.expose()),
        Ok(None) => fragment.append_pair("linked", provider),
        Err(problem) => {
            let kind = problem.kind().type_uri();
            fragment.append_pair("error", kind.rsplit(':').next().unwrap_or(kind))
        }
    };
    let location = format!("{redirect_to}#{}", fragment.finish());
    let Ok(location) = HeaderValue::from_str(&location) else {
        return Problem::internal().into_response();
    };
    let no_store = HeaderValue::from_static("no-store");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, no_store)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn unknown() -> Problem {
    Problem::bad_request(
        "this browser did not leave for the provider, is back already, or was away for too long; begin again",
    )
}

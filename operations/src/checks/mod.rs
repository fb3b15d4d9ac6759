//! Comparing and verifying: answered with what was found, or, when that takes long, with where it will be told.

mod report;
mod run;

use axum::Json;
use axum::extract::{Path, State};
use projector::Check;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use service::{ApiQuery, Problem};
use utoipa::IntoParams;

use self::report::{DiffReport, VerifyReport};
use self::run::{Answer, CheckStatus, answer, latest};
use crate::OperationsState;
use crate::operator::Operator;
use crate::problems::{OperatorProblems, named};

/// The most rows that are named.
const MOST_EXAMPLES: u16 = 1_000;

/// How much is named of what differs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExampleOptions {
    /// How many of the rows that differ are named, at most 1,000.
    #[serde(default = "twenty", deserialize_with = "examples")]
    #[param(default = 20, minimum = 0, maximum = 1000)]
    examples: u16,
}

fn twenty() -> u16 {
    20
}

fn examples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().ok().filter(|examples| *examples <= MOST_EXAMPLES).ok_or_else(|| {
        D::Error::custom(format_args!("must be a whole number from 0 to {MOST_EXAMPLES}"))
    })
}

/// Compare the rows that serve
///
/// With those that a rebuild has put beside them, or else with those that served before; at the same position, where
/// this program can bring them there. When it takes longer than ten seconds it goes on after the answer.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/diff",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), ExampleOptions),
    responses(
        (status = 200, description = "What differs", body = DiffReport),
        (status = 202, description = "It goes on", body = CheckStatus<DiffReport>,
            headers(("Location" = String, description = "Where it is told what becomes of it"))),
        OperatorProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn diff_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<ExampleOptions>,
) -> Result<Answer<DiffReport>, Problem> {
    let projection = named(&name)?;
    operator.notes(projection, Check::Diff.as_str());
    answer(state, projection, options.examples.into()).await
}

/// How the latest comparison went
///
/// Of those that were asked for over HTTP, whichever process makes it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/projections/{name}/diff",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "How it stands", body = CheckStatus<DiffReport>), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn latest_diff(
    State(state): State<OperationsState>,
    _operator: Operator,
    Path(name): Path<String>,
) -> Result<Json<CheckStatus<DiffReport>>, Problem> {
    latest(&state, named(&name)?).await.map(Json)
}

/// Verify a projection
///
/// Folds all events in memory and compares the result with the rows that serve, row by row. When it takes longer than ten
/// seconds it goes on after the answer.
#[utoipa::path(
    post,
    path = "/api/v1/admin/projections/{name}/verify",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name"), ExampleOptions),
    responses(
        (status = 200, description = "What was found", body = VerifyReport),
        (status = 202, description = "It goes on", body = CheckStatus<VerifyReport>,
            headers(("Location" = String, description = "Where it is told what becomes of it"))),
        OperatorProblems,
    ),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn verify_projection(
    State(state): State<OperationsState>,
    operator: Operator,
    Path(name): Path<String>,
    ApiQuery(options): ApiQuery<ExampleOptions>,
) -> Result<Answer<VerifyReport>, Problem> {
    let projection = named(&name)?;
    operator.notes(projection, Check::Verify.as_str());
    answer(state, projection, options.examples.into()).await
}

/// How the latest verification went
///
/// Of those that were asked for over HTTP, whichever process makes it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/projections/{name}/verify",
    tag = "operations",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "How it stands", body = CheckStatus<VerifyReport>), OperatorProblems),
)]
#[tracing::instrument(skip_all)]
pub(crate) async fn latest_verification(
    State(state): State<OperationsState>,
    _operator: Operator,
    Path(name): Path<String>,
) -> Result<Json<CheckStatus<VerifyReport>>, Problem> {
    latest(&state, named(&name)?).await.map(Json)
}

//! Making a check, behind its answer when it takes long.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use projector::{CheckState, CheckUnderWay, LatestCheck, Projection, ProjectorError, latest_check};
use serde::Serialize;
use service::Problem;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::ToSchema;

use super::report::Report;
use crate::OperationsState;
use crate::problems::{RETRY_AFTER_S, refused};

/// How often it is said how far a check has come.
const PROGRESS: Duration = Duration::from_secs(1);

/// How a verification or comparison stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckStatus<R: Report> {
    /// `running`, `done`, `failed`; `interrupted` when the process that was at it is gone: ask again.
    #[schema(example = "running")]
    state: &'static str,
    /// When it began.
    begun_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
    /// How many events were folded until now.
    events: i64,
    /// How many it has to fold, roughly; 0 until that is known.
    events_in_all: i64,
    /// When it is done: what was found.
    report: Option<R>,
    /// When it has failed: why.
    error: Option<String>,
}

impl<R: Report> CheckStatus<R> {
    fn of(latest: LatestCheck) -> Result<Self, Problem> {
        let LatestCheck { begun_at, events, events_in_all, state } = latest;
        let word = state.as_str();
        let (ended_at, report, error) = match state {
            CheckState::Running | CheckState::Interrupted => (None, None, None),
            CheckState::Done { at, found } => {
                let report = R::of(found).map_err(|error| {
                    tracing::error!(%error, "what a check has found cannot be read");
                    Problem::internal()
                })?;
                (Some(at), Some(report), None)
            }
            CheckState::Failed { at, error } => (Some(at), None, Some(error)),
        };
        Ok(Self { state: word, begun_at, ended_at, events, events_in_all, report, error })
    }
}

/// What is answered to whoever asks for a check.
pub(crate) enum Answer<R: Report> {
    /// What was found.
    Found(R),
    /// It goes on: how it stands, and where that is told.
    GoesOn(CheckStatus<R>, String),
}

impl<R: Report> IntoResponse for Answer<R> {
    fn into_response(self) -> Response {
        match self {
            Self::Found(report) => Json(report).into_response(),
            Self::GoesOn(status, path) => {
                (StatusCode::ACCEPTED, [(header::LOCATION, path)], Json(status)).into_response()
            }
        }
    }
}

/// Begins a check, and answers when it is done or has taken long.
pub(crate) async fn answer<R: Report>(
    state: OperationsState,
    projection: Projection,
    examples: usize,
) -> Result<Answer<R>, Problem> {
    let under_way =
        CheckUnderWay::begin(&state.pool, projection, R::CHECK).await.map_err(refused)?;
    let mut task = tokio::spawn(carry_out::<R>(state.clone(), projection, examples, under_way));
    match timeout(state.answers_within, &mut task).await {
        Ok(Ok(Some(made))) => made.map(Answer::Found).map_err(refused),
        Ok(Ok(None)) => Err(Problem::unavailable(RETRY_AFTER_S)),
        Ok(Err(_panicked)) => Err(Problem::internal()),
        Err(_long) => {
            let path =
                format!("/api/v1/admin/projections/{}/{}", projection.name(), R::CHECK.as_str());
            Ok(Answer::GoesOn(latest(&state, projection).await?, path))
        }
    }
}

/// How the latest check of this kind went, or goes.
pub(crate) async fn latest<R: Report>(
    state: &OperationsState,
    projection: Projection,
) -> Result<CheckStatus<R>, Problem> {
    let latest = latest_check(&state.pool, projection, R::CHECK).await?;
    CheckStatus::of(latest.ok_or_else(|| Problem::not_found(R::CHECK.as_str()))?)
}

/// Makes a check and keeps what it has found; `None` when the process ends before.
async fn carry_out<R: Report>(
    state: OperationsState,
    projection: Projection,
    examples: usize,
    under_way: CheckUnderWay,
) -> Option<Result<R, ProjectorError>> {
    let (says, so_far) = watch::channel((0, 0));
    let say = move |events, events_in_all| {
        says.send_replace((events, events_in_all));
    };
    let work = R::make(projection, state.pool.clone(), examples, say);
    let mut made = state.shutdown.run_until_cancelled(noted(work, &under_way, &so_far)).await?;
    let (projection, check) = (projection.name(), R::CHECK.as_str());
    let found = match &mut made {
        Ok(report) => Ok(report.found().expect("reports are JSON")),
        Err(error) => Err(&*error),
    };
    if let Err(error) = &found {
        tracing::warn!(projection, check, error = error.reason(), "check failed");
    }
    match under_way.end(found).await {
        Ok(()) => tracing::info!(projection, check, "check ended"),
        Err(error) => {
            tracing::warn!(projection, check, %error, "what a check has found is not kept")
        }
    }
    Some(made)
}

/// The same work, with notes of how far it has come.
async fn noted<R>(
    work: impl Future<Output = R>,
    under_way: &CheckUnderWay,
    so_far: &watch::Receiver<(i64, i64)>,
) -> R {
    let note = async || {
        let (events, events_in_all) = *so_far.borrow();
        if let Err(error) = under_way.progress(events, events_in_all).await {
            tracing::debug!(%error, "how far a check has come is not noted");
        }
    };
    let notes = async {
        let mut moments = interval(PROGRESS);
        moments.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            moments.tick().await;
            note().await;
        }
    };
    // Side by side: the work may hold locks while a note waits for a connection.
    let made = tokio::select! {
        made = work => made,
        () = notes => unreachable!("notes have no end"),
    };
    note().await;
    made
}

//! Every refusal and what a client is told of it.

use domain::plan::PlanError;
use domain::plan_export::PlanExportError;
use domain::run::RunError;
use event_store::{ExecuteError, StoreError};
use http::{HeaderValue, header};
use serde_json::json;
use service::{Acting, Problem};

use crate::transactions::Refusal;

/// How long a client is asked to wait before it tries again.
const RETRY_AFTER_S: u64 = 1;

pub(crate) fn problem(error: ExecuteError<Refusal>, acting: &Acting) -> Problem {
    match error {
        // The athlete's account went between the look at the access and the command.
        ExecuteError::Store(StoreError::OwnerErased) if acting.is_for_another() => {
            Problem::not_found("athlete")
        }
        ExecuteError::Refused(refusal) => refused(refusal),
        ExecuteError::Contended => contended(),
        ExecuteError::KeyReused => {
            Problem::unprocessable_request("the Idempotency-Key was used for another request")
        }
        ExecuteError::Store(error) => store_failed(&error),
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Plan(error) => plan_refused(error),
        Refusal::Run(error) => run_refused(error),
        Refusal::Export(error) => export_refused(&error),
        Refusal::Invalid(violations) => Problem::unprocessable(violations),
        Refusal::AnotherVersion { version } => {
            Problem::precondition_failed().with("version", version)
        }
        Refusal::Outrun => contended(),
    }
}

fn plan_refused(error: PlanError) -> Problem {
    let detail = error.to_string();
    match error {
        PlanError::NotFound => Problem::not_found("plan"),
        PlanError::WorkoutNotFound => Problem::not_found("workout"),
        PlanError::Invalid(violations) => Problem::unprocessable(violations),
        PlanError::AlreadyExists => Problem::conflict(detail),
        PlanError::WorkoutAlreadyExists { workout_id } => {
            Problem::conflict(detail).with("workout_id", workout_id)
        }
        PlanError::StatusChange { from, to } => {
            Problem::conflict(detail).with("plan_status", from).with("requested_status", to)
        }
        PlanError::WorkoutsOutside(workouts) => {
            let workouts = workouts.iter().map(|(id, name)| json!({ "id": id, "name": name }));
            Problem::conflict(detail).with("workouts", workouts.collect::<Vec<_>>())
        }
        PlanError::CompletedBy { run_id } => Problem::conflict(detail).with("run_id", run_id),
        PlanError::TooManyWorkouts { max } => Problem::conflict(detail).with("max_workouts", max),
    }
}

fn run_refused(error: RunError) -> Problem {
    let detail = error.to_string();
    match error {
        RunError::NotFound => Problem::not_found("run"),
        RunError::Invalid(violations) => Problem::unprocessable(violations),
        RunError::AlreadyRecorded | RunError::NotMatched => Problem::conflict(detail),
        RunError::MatchedWith { workout_id } => {
            Problem::conflict(detail).with("workout_id", workout_id)
        }
    }
}

fn export_refused(error: &PlanExportError) -> Problem {
    match error {
        PlanExportError::NotFound => Problem::not_found("PDF"),
        PlanExportError::AlreadyRequested
        | PlanExportError::AlreadyFailed
        | PlanExportError::NotThere
        | PlanExportError::ForNobody => Problem::conflict(error.to_string()),
    }
}

fn contended() -> Problem {
    Problem::conflict("others kept changing it at the same moment; try again")
        .header(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S))
}

/// What is answered when Postgres has got a write and says nothing of it.
pub(crate) fn may_be_done(retry_after_s: u64) -> Problem {
    Problem::unavailable(retry_after_s).detail(
        "the database does not answer, and the write may be carried out all the same: look before you send it again; with \
         an Idempotency-Key it can be repeated",
    )
}

fn store_failed(error: &StoreError) -> Problem {
    match error {
        StoreError::Overloaded | StoreError::Closed | StoreError::Late => {
            tracing::warn!(%error, "command turned away");
            Problem::unavailable(RETRY_AFTER_S)
        }
        // The token outlived its account.
        StoreError::OwnerErased => Problem::invalid_token("the access token has been revoked"),
        StoreError::Database(_) => {
            tracing::error!(%error, "command not carried out");
            Problem::unavailable(RETRY_AFTER_S)
        }
        StoreError::Unanswered(_) => {
            tracing::error!(%error, "command may have been carried out");
            may_be_done(RETRY_AFTER_S)
        }
        StoreError::Decode(_) | StoreError::Encode(_) => {
            tracing::error!(%error, "command not carried out");
            Problem::internal()
        }
    }
}

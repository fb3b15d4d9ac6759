use domain::FieldViolation;
use domain::plan::PlanError;
use domain::plan_export::PlanExportError;
use domain::run::RunError;
use event_store::{Refused, StoreError};

/// Why a transaction was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The plan says no.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run says no.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The PDF of a plan says no.
    #[error(transparent)]
    Export(#[from] PlanExportError),
    /// Fields are missing or wrong.
    #[error("{} field(s) are missing or wrong", .0.len())]
    Invalid(Vec<FieldViolation>),
    /// It was meant for another version.
    #[error("it is not meant for the present version, {version}")]
    AnotherVersion {
        /// The present one.
        version: i64,
    },
    /// What it read of a run and of its plan did not fit together: others were changing them.
    #[error("others are changing the same run and plan")]
    Outrun,
}

impl Refusal {
    /// The fields it blames, if any.
    #[must_use]
    pub fn into_violations(self) -> Vec<FieldViolation> {
        match self {
            Self::Plan(PlanError::Invalid(violations))
            | Self::Run(RunError::Invalid(violations))
            | Self::Invalid(violations) => violations,
            Self::Plan(_)
            | Self::Run(_)
            | Self::Export(_)
            | Self::AnotherVersion { .. }
            | Self::Outrun => vec![],
        }
    }
}

/// Why a step of a transaction ended it.
#[derive(Debug)]
pub(super) enum Stop {
    Rule(Refusal),
    Store(StoreError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Rule(error.into())
    }
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Rule(error.into())
    }
}

impl From<PlanExportError> for Stop {
    fn from(error: PlanExportError) -> Self {
        Self::Rule(error.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for Refused<Refusal> {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Rule(refusal) => Self::Rule(refusal),
            Stop::Store(error) => Self::Store(error),
        }
    }
}

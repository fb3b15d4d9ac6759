use chrono::{NaiveDate, Utc};
use service::ReadModels;
use sqlx::PgPool;

/// What every read needs.
#[derive(Debug, Clone)]
pub struct QueryState {
    /// Where the rows are.
    pub pool: PgPool,
    /// How far the rows have come.
    pub read_models: ReadModels,
    /// What day it is.
    pub calendar: Calendar,
}

/// What tells which day it is: a planned workout is missed, and a streak is broken, from a certain day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// The date in UTC.
    Utc,
    /// Always the same day, for tests.
    Stopped(NaiveDate),
}

impl Calendar {
    /// The date now.
    #[must_use]
    pub fn today(self) -> NaiveDate {
        match self {
            Self::Utc => Utc::now().date_naive(),
            Self::Stopped(day) => day,
        }
    }
}

use std::io;

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// More than any real file holds.
    #[error("the file is larger than {max_kib} KiB")]
    TooLarge {
        /// The limit.
        max_kib: usize,
    },
    /// The YAML itself is broken, or built to exhaust the reader. The message names the line.
    #[error("not a readable YAML file: {message}")]
    Yaml {
        /// What is wrong, and where.
        message: String,
    },
    /// A field of the plan is missing or wrong.
    #[error("`{field}` {reason}")]
    Field {
        /// The field as the file names it.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A week of the plan is wrong as a whole.
    #[error("week {week}: {reason}")]
    Week {
        /// Which, counted from 1.
        week: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A day of the plan is wrong.
    #[error("week {week}, day {day}: {reason}")]
    Day {
        /// The week, counted from 1.
        week: usize,
        /// The day in it, counted from 1.
        day: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Anchored there, the plan would begin or end outside the calendar.
    #[error("the plan does not fit into the calendar when it is anchored at that date")]
    OutsideCalendar,
    /// The file is none of the known lists of runs.
    #[error("neither a JSON list of runs nor the activities.csv of a Strava export: {reason}")]
    UnknownForm {
        /// What was found instead.
        reason: String,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

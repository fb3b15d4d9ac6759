use service::Problem;
use tracing::error;

/// A row that says what no projection writes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum UnreadableRow {
    /// A word that is none of the column's.
    #[error("{column} holds a word it should not")]
    Word {
        /// The column.
        column: &'static str,
    },
    /// A run without distance.
    #[error("distance_m is not positive")]
    NoDistance,
}

impl From<UnreadableRow> for Problem {
    fn from(cause: UnreadableRow) -> Self {
        error!(%cause, "row not readable");
        Self::internal()
    }
}

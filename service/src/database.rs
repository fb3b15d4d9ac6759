use tracing::{error, warn};

use crate::Problem;

/// How long a client is asked to wait when the database cannot serve it.
const RETRY_AFTER_S: u64 = 1;

impl From<sqlx::Error> for Problem {
    /// What a client is told of a database error. Logs the cause, which the client never sees.
    fn from(cause: sqlx::Error) -> Self {
        match weigh(&cause) {
            Weight::Overload => {
                warn!(%cause, "database not available");
                Problem::unavailable(RETRY_AFTER_S)
            }
            Weight::BadText => {
                Problem::bad_request("the request holds a character that cannot be stored")
            }
            Weight::Fault => {
                error!(%cause, "database error");
                Problem::internal()
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Weight {
    /// It may work in a moment.
    Overload,
    /// The client sent text that no database takes.
    BadText,
    /// Our fault.
    Fault,
}

fn weigh(error: &sqlx::Error) -> Weight {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_) => Weight::Overload,
        sqlx::Error::Database(database) => {
            database.code().as_deref().map_or(Weight::Fault, weigh_state)
        }
        // sqlx's list of errors is open.
        _ => Weight::Fault,
    }
}

fn weigh_state(sqlstate: &str) -> Weight {
    match sqlstate {
        // Character not in repertoire, untranslatable character: U+0000 in a text.
        "22021" | "22P05" => Weight::BadText,
        // Shutdown, crash, cannot connect now; I/O error; read-only while failing over; lock or statement timeout.
        "57P01" | "57P02" | "57P03" | "58030" | "25006" | "55P03" | "57014" => Weight::Overload,
        // Deadlock and serialization failure: the same request may pass next time.
        "40P01" | "40001" => Weight::Overload,
        // Connection exceptions; insufficient resources: disk full, out of memory, too many connections.
        state if state.starts_with("08") || state.starts_with("53") => Weight::Overload,
        _ => Weight::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProblemKind;

    #[test]
    fn what_may_work_in_a_moment_is_a_503_with_retry_after() {
        use axum::response::IntoResponse;
        for error in [
            sqlx::Error::PoolTimedOut,
            sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into()),
        ] {
            let response = Problem::from(error).into_response();
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key("retry-after"));
        }
        for state in ["53100", "53300", "53200", "57P01", "57P03", "08006", "08001", "58030"] {
            assert_eq!(weigh_state(state), Weight::Overload, "{state}");
        }
    }

    #[test]
    fn everything_else_is_a_500_that_tells_nothing() {
        let problem = Problem::from(sqlx::Error::ColumnNotFound("password_hash".to_owned()));
        assert_eq!(problem.kind(), ProblemKind::Internal);
        assert_eq!(problem.detail.as_deref(), Some("internal error"));
        assert_eq!(weigh_state("42P01"), Weight::Fault);
        assert_eq!(weigh_state("23505"), Weight::Fault);
    }

    #[test]
    fn text_that_cannot_be_stored_is_the_clients_mistake() {
        assert_eq!(weigh_state("22021"), Weight::BadText);
    }
}

//! The writes, over HTTP into a real Postgres. Each test has a database of its own.

#![expect(clippy::unwrap_used, reason = "what fails here fails its test")]

mod api;
mod consistency;
mod document;
mod hostile;
mod idempotency;
mod imports;
mod matching;
mod ownership;
mod plans;
mod preconditions;
mod processes;
mod races;
mod run_fields;
mod runs;
mod unavailable;
mod workout_lists;
mod workouts;

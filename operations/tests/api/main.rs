//! Operators' requests over a real Postgres.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod app;
mod checks;
mod generations;
mod keys;
mod parked;
mod projections;

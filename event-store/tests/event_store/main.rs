//! The event store on a real Postgres.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod all_or_nothing;
mod back_pressure;
mod command_keys;
mod commands;
mod compatibility;
mod conflicts;
mod database;
mod erasure;
mod importing;
mod indexes;
mod leadership;
mod lossy_connection;
mod partitions;
mod positions;
mod reading;
mod restarts;
mod unknown_outcomes;

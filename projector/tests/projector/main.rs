//! Projections on a real Postgres, told by real commands.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]

mod commands;
mod decisions;
mod erasure;
mod exchange;
mod exports;
mod fence;
mod generations;
mod over_nats;
mod plans;
mod poison;
mod random_stories;
mod rebuild;
mod runs;
mod scene;
mod shares;
mod story;
mod tables;
mod verification;

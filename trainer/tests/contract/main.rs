//! The HTTP contract, checked as a client would check it who has read it and nothing else: the real program with
//! private servers, real connections, real tokens.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]
#![allow(
    clippy::print_stdout,
    reason = "figures and seeds are for whoever reads the test's output"
)]

mod client;
mod openapi;
mod process;
mod program;
mod runner;
mod training;

mod accounts;
mod activity;
mod api_keys;
mod coaching;
mod consistency;
mod documents;
mod erasure;
mod field_rules;
mod health;
mod hostile;
mod idempotency;
mod limits;
mod lists;
mod mail;
mod matching;
mod no_room;
mod outages;
mod overload;
mod ownership;
mod pdf;
mod plan_dates;
mod plans;
mod progress;
mod races;
mod refusals;
mod requests;
mod runs;
mod summary;
mod sweep;
mod through_gateway;
mod tokens;
mod two_factor;
mod versions;
mod workouts;

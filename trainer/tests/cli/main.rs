//! What an operator does at the command line: the real program, with private servers, files and a terminal's pipes.

#![allow(clippy::unwrap_used, reason = "what fails here should fail the test")]
#![allow(clippy::print_stdout, reason = "figures are for whoever reads the test's output")]

#[allow(dead_code, unused_imports, reason = "two test programs share it, and use different parts")]
#[path = "../durability/program/mod.rs"]
mod program;

mod accounts;
mod event_export;
mod event_files;
mod event_replay;
mod events;
mod files;
mod guarantees;
mod help;
mod operator;
mod pdf;
mod plans;
mod projections;
mod real_data;
mod runs;
mod servers;
mod tour;

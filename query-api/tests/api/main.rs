//! Every read, over rows in a real database.

mod api;
mod consistency;
mod document;
mod like_commands;
mod parameters;
mod plans;
mod progress;
mod query_plans;
mod runs;
mod summary;
mod workouts;

//! The rules, as given / when / then.

mod imported_ids;
mod plan_export;
mod plans;
mod runs;
mod workouts;

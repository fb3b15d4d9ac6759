//! Files that runners have, read into the commands of the domain.
//!
//! Training plans in the calendar-hack YAML form ([`plan`]) and lists of runs as Strava's bulk
//! export or as JSON ([`runs`]). Parsing only: whoever calls sends the commands. Ids follow from
//! the owner and the file's own ids, so a file that is imported twice records nothing new.

mod cut;
pub mod demo;
mod error;
pub mod plan;
pub mod runs;
mod summary;

pub use error::ImportError;
pub use summary::ImportSummary;

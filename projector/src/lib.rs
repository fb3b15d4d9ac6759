//! Projections: events in, rows out.
//!
//! Each folds a part of the story into tables of its own. Its rows and its checkpoint commit
//! together, in one statement that does nothing when somebody else has moved the checkpoint.

mod checkpoint;
mod checks;
mod course;
mod error;
mod exports;
mod follow;
mod generations;
mod parking;
mod pause;
mod plans;
mod projection;
mod runs;
mod shares;
#[cfg(test)]
mod simulation;
mod standing;
mod users;
mod verify;

pub use checkpoint::{Checkpoint, Generation, checkpoints};
pub use checks::{Check, CheckState, CheckUnderWay, Found, LatestCheck, latest_check};
pub use error::ProjectorError;
pub use follow::{OnProjected, follow};
pub use generations::{
    Diff, Difference, Differences, LatestRebuild, OnProgress, RebuildFrom, RebuildProgress,
    RebuildState, Rebuilt, Undertaking, build, diff, rebuild, rollback, undertake,
};
pub use parking::{
    ParkedKey, ParkedStream, Unparked, drop_event, parked_stream, parked_streams,
    parked_streams_behind, retry, waiting_events,
};
pub use pause::{pause, resume};
pub use projection::Projection;
pub use shares::{Parts, Share, shares};
pub use standing::{ProjectionState, Standing, standings};
pub use users::{erase_from_others, live_rows_show};
pub use verify::{Verified, verify, verify_at_once};

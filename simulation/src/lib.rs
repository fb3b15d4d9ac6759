//! What the deterministic simulations share. A simulation runs production code in a world of its own:
//! what comes next, what is lost and who dies follows from a seed, and from nothing else.

mod agenda;
mod chance;
mod seeds;
mod task;
mod trace;

pub use agenda::Agenda;
pub use chance::Chance;
pub use seeds::explore;
pub use task::Task;
pub use trace::Trace;

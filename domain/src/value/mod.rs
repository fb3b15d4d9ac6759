//! Values that cannot be wrong: each checks itself when it is made from outside input.
//!
//! What is already stored is read back unchecked: a rule may become stricter, history does not.

mod distance;
mod duration;
mod effort;
mod pace;
mod text;
mod violation;

pub use distance::{Distance, Elevation};
pub use duration::{Minutes, Seconds};
pub use effort::{Heartbeat, PerceivedEffort};
pub use pace::{PaceRange, SecondsPerKm};
pub use text::{Name, Text};
pub use violation::{FieldViolation, Violation};

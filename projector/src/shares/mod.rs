//! Shares: several projectors divide the work of a projection by parts, each with a checkpoint and a lease of its own.
//!
//! A lone projector has one share with all 64 parts. Another one that comes stands by until somebody gives it half of
//! theirs; what a projector that is gone leaves behind is taken on by the one that has least.

mod divide;
mod list;
mod parts;
mod situation;
mod standby;

pub(crate) use self::divide::{join, level, share_of, shares_of_live, split, split_like};
pub use self::list::{Share, shares};
pub use self::parts::Parts;
pub(crate) use self::situation::{Move, Situation, situation};
pub(crate) use self::standby::{lease, look_for_share};
use crate::Projection;

/// The job of which a projector is the leader that has this share.
fn job(projection: Projection, share: i16) -> String {
    format!("projection {} share {share}", projection.name())
}

/// The job that those wait for who have no share.
fn standing_by(projection: Projection) -> String {
    format!("projection {} standby", projection.name())
}

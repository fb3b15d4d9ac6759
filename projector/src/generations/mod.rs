//! Generations: rows that are built beside the live ones, and change places with them.

mod build;
mod compare;
mod diff;
mod record;
mod swap;
mod tables;
mod throttle;

use event_store::Leadership;
use sqlx::PgPool;

pub(crate) use self::build::fold_up_to;
pub use self::build::{OnProgress, RebuildFrom, RebuildProgress, Rebuilt};
pub use self::compare::{Difference, Differences};
pub use self::diff::{Diff, diff};
pub(crate) use self::record::latest_rebuilds;
pub use self::record::{LatestRebuild, RebuildState, Undertaking};
pub use self::swap::{build, rebuild, rollback, undertake};
use crate::{Projection, ProjectorError};

/// Being the only one who builds, compares or exchanges a projection's generations; `None` when somebody else is.
pub(crate) async fn generations_alone(
    projection: Projection,
    pool: &PgPool,
) -> sqlx::Result<Option<Leadership>> {
    let job = format!("generations of {}", projection.name());
    Leadership::try_take(&job, &pool.connect_options()).await
}

async fn alone(projection: Projection, pool: &PgPool) -> Result<Leadership, ProjectorError> {
    generations_alone(projection, pool)
        .await?
        .ok_or(ProjectorError::Busy { projection: projection.name() })
}

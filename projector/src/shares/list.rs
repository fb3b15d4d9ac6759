use sqlx::PgPool;

use super::{Parts, situation};
use crate::Projection;

/// A share of the work on the live rows of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Tells it apart.
    pub number: i16,
    /// The parts it is.
    pub parts: Parts,
    /// Every event of these parts up to and with this one is in the rows.
    pub position: i64,
    /// Whether a projector that is alive has it.
    pub is_held: bool,
}

/// How the work on the live rows of a projection is divided among projectors.
///
/// # Errors
/// When the database fails.
pub async fn shares(pool: &PgPool, projection: Projection) -> sqlx::Result<Vec<Share>> {
    let division = situation(&mut *pool.acquire().await?, projection).await?;
    Ok(division.shares)
}

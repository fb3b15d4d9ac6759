use domain::OwnerId;
use sqlx::PgPool;

use crate::{FileError, Files};

/// Why somebody's files were not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The file store failed.
    #[error(transparent)]
    Files(#[from] FileError),
}

/// Removes everything of somebody's that is printed or is to be: files, logos, and what waits; how many files. Done
/// again, it finds less to do.
///
/// # Errors
/// When the database or the file store fails.
pub async fn erase(pool: &PgPool, files: &Files, owner: OwnerId) -> Result<u64, EraseError> {
    sqlx::query!("delete from pdf.jobs where owner_id = $1", owner.0).execute(pool).await?;
    sqlx::query!("delete from pdf.logos where owner_id = $1", owner.0).execute(pool).await?;
    Ok(files.remove_all_of(owner).await?)
}

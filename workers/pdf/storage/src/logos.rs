//! Logos wait in Postgres for the exports that they are printed on: what is asked for needs no file store to be up, and
//! events stay small.

use chrono::TimeDelta;
use domain::OwnerId;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

/// How long a logo is kept that no export names yet: its request may be on its way.
const KEPT_UNUSED_FOR: TimeDelta = TimeDelta::hours(1);

/// A logo by what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Keeps a logo of somebody's until their exports are rendered.
///
/// # Errors
/// When the database fails.
pub async fn keep_logo(pool: &PgPool, owner: OwnerId, content: &[u8]) -> sqlx::Result<Logo> {
    let sha256 = Sha256::digest(content);
    sqlx::query!(
        "insert into pdf.logos (owner_id, sha256, content) values ($1, $2, $3)
         on conflict (owner_id, sha256) do update set stored_at = now()",
        owner.0,
        &sha256[..],
        content,
    )
    .execute(pool)
    .await?;
    Ok(Logo { sha256: hexadecimal(&sha256) })
}

/// A logo of somebody's with this hash.
///
/// # Errors
/// When the database fails.
pub async fn logo(pool: &PgPool, owner: OwnerId, sha256: &str) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select content from pdf.logos where owner_id = $1 and sha256 = decode($2, 'hex')",
        owner.0,
        sha256,
    )
    .fetch_optional(pool)
    .await
}

/// Forgets the logos of those who wait for no export; how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_logos(pool: &PgPool) -> sqlx::Result<u64> {
    let forgotten = sqlx::query!(
        "delete from pdf.logos l
          where stored_at < now() - make_interval(secs => $1)
            and not exists (select from pdf.jobs j where j.owner_id = l.owner_id)",
        KEPT_UNUSED_FOR.as_seconds_f64(),
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

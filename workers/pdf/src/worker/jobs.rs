//! What is to be done, and whose turn it is.

use std::time::Duration;

use domain::{ExportId, OwnerId};
use sqlx::{PgConnection, PgPool};

use super::Pace;

/// An export to be settled.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) pdf_id: ExportId,
    pub(super) owner: OwnerId,
    /// Of the request.
    pub(super) position: i64,
    /// How often it was tried in vain.
    pub(super) failures: u32,
    /// How often whoever did it was gone in the middle.
    pub(super) interrupted: u32,
}

/// Adds a job. Its round comes after those of its owner's other jobs, and not before any that still waits.
pub(super) async fn add(
    connection: &mut PgConnection,
    pdf_id: ExportId,
    owner: OwnerId,
    position: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into pdf.jobs (pdf_id, owner_id, position, round)
         select $1, $2, $3, greatest((select min(round) from pdf.jobs),
                                     (select max(round) + 1 from pdf.jobs where owner_id = $2), 0)
         on conflict (pdf_id) do nothing",
        pdf_id.0,
        owner.0,
        position,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Begins the next job: of those that come first among their owner's the one of the earliest round.
pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<Option<Job>> {
    let row = sqlx::query!(
        "update pdf.jobs j set began_at = now()
           from (select c.pdf_id from pdf.jobs c
                  where c.began_at is null and c.due_at <= now()
                    and not exists (select from pdf.jobs e where e.owner_id = c.owner_id and e.position < c.position)
                  order by c.round, c.position
                  limit 1
                    for update skip locked) next
          where j.pdf_id = next.pdf_id
         returning j.pdf_id, j.owner_id, j.position, j.failures, j.interrupted",
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Job {
        pdf_id: ExportId(row.pdf_id),
        owner: OwnerId(row.owner_id),
        position: row.position,
        failures: row.failures.unsigned_abs(),
        interrupted: row.interrupted.unsigned_abs(),
    }))
}

/// It is done with.
pub(super) async fn settle(pool: &PgPool, pdf_id: ExportId) -> sqlx::Result<()> {
    sqlx::query!("delete from pdf.jobs where pdf_id = $1", pdf_id.0).execute(pool).await?;
    Ok(())
}

/// It failed, and is tried again after a while.
pub(super) async fn put_off(
    pool: &PgPool,
    pdf_id: ExportId,
    delay: Duration,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update pdf.jobs set began_at = null, failures = failures + 1, reason = $3,
                due_at = now() + make_interval(secs => $2)
          where pdf_id = $1",
        pdf_id.0,
        delay.as_secs_f64(),
        reason,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Puts back the jobs that somebody had begun who is gone; how many. One that was interrupted again and again waits, as it
/// may have been the reason.
pub(super) async fn put_back_begun(pool: &PgPool, pace: &Pace) -> sqlx::Result<u64> {
    let put_back = sqlx::query!(
        "update pdf.jobs set began_at = null, interrupted = interrupted + 1,
                due_at = now() + make_interval(secs => case when interrupted < 3 then 0
                                                            else least(power(2, interrupted - 3) * $1, $2) end)
          where began_at is not null",
        pace.first_delay.as_secs_f64(),
        pace.longest_interruption_delay.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(put_back.rows_affected())
}

/// Forgets what somebody asked for who is erased.
pub(super) async fn forget(connection: &mut PgConnection, owner: OwnerId) -> sqlx::Result<()> {
    sqlx::query!("delete from pdf.jobs where owner_id = $1", owner.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from pdf.logos where owner_id = $1", owner.0).execute(connection).await?;
    Ok(())
}

/// How many wait or are being done.
pub(super) async fn count(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "jobs!" from pdf.jobs"#).fetch_one(pool).await
}

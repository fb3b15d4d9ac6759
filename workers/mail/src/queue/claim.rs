use chrono::{DateTime, Utc};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

use super::MailId;

/// The right to say what became of a mail. Who comes later has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease(pub(super) Uuid);

/// A mail that this worker has to send.
pub(crate) struct Claimed {
    pub(crate) mail_id: MailId,
    pub(crate) lease: Lease,
    pub(crate) kind: String,
    pub(crate) recipient: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) queued_at: DateTime<Utc>,
    /// With this one.
    pub(crate) attempts: u32,
}

/// Whether some mail may be sent now.
pub(crate) async fn anything_due(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists(select from mail.queue
                          where sent_at is null and failed_at is null and due_at <= now()) as "due!""#
    )
    .fetch_one(pool)
    .await
}

/// Takes the mail that has been due for longest, for so long. Others pass over it: at once while both look, and until
/// the lease is over afterwards. If nothing is heard of it until then, whoever had it is gone, and another one takes it.
pub(crate) async fn claim(
    pool: &PgPool,
    lease_for: Duration,
) -> Result<Option<Claimed>, sqlx::Error> {
    let lease = Lease(Uuid::now_v7());
    let row = sqlx::query!(
        r#"with due as materialized (
               select mail_id from mail.queue
                where sent_at is null and failed_at is null and due_at <= now()
                order by due_at
                limit 1
                  for update skip locked
           )
           update mail.queue q
              set lease = $1, due_at = now() + make_interval(secs => $2), attempts = q.attempts + 1
             from due
            where q.mail_id = due.mail_id
           returning q.mail_id, q.kind, q.recipient, q.content as "content!", q.queued_at, q.attempts"#,
        lease.0,
        lease_for.as_secs_f64(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Claimed {
        mail_id: MailId(row.mail_id),
        lease,
        kind: row.kind,
        recipient: row.recipient,
        sealed: row.content,
        queued_at: row.queued_at,
        attempts: row.attempts.unsigned_abs(),
    }))
}

/// Gives up mails that nobody would care about any more, and those whose workers were gone too often; how many.
pub(crate) async fn give_up_the_late(pool: &PgPool, max_attempts: u32) -> Result<u64, sqlx::Error> {
    let given_up = sqlx::query!(
        "update mail.queue
            set failed_at = now(),
                reason = case when useless_at <= now() then 'not sent in time' else 'tried too often' end
                         || coalesce('; the last attempt: ' || reason, '')
          where mail_id in (select mail_id from mail.queue
                             where sent_at is null and failed_at is null
                               and due_at <= now() and (useless_at <= now() or attempts >= $1)
                               for update skip locked)",
        i32::try_from(max_attempts).unwrap_or(i32::MAX),
    )
    .execute(pool)
    .await?;
    Ok(given_up.rows_affected())
}

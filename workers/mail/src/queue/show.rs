//! The queue as an operator sees it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::MailId;

/// How the queue is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueState {
    /// Mails that are to be sent.
    pub waiting: i64,
    /// How long the oldest of them has been waiting, in seconds.
    pub waiting_s: f64,
    /// Mails of the last 30 days that were given up.
    pub failed: i64,
}

/// A mail that is not sent yet, or never will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Which.
    pub mail_id: MailId,
    /// What it tells.
    pub kind: String,
    /// To whom.
    pub recipient: String,
    /// Since when it waits.
    pub queued_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; nothing when it was given up.
    pub due_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

/// How many mails wait, how long, and how many were given up.
///
/// # Errors
/// When the database fails.
pub async fn queue_state(pool: &PgPool) -> Result<QueueState, sqlx::Error> {
    sqlx::query_as!(
        QueueState,
        r#"select count(*) filter (where failed_at is null) as "waiting!",
                  coalesce(extract(epoch from now() - min(queued_at) filter (where failed_at is null)), 0)::float8
                      as "waiting_s!",
                  count(*) filter (where failed_at is not null) as "failed!"
             from mail.queue
            where sent_at is null"#
    )
    .fetch_one(pool)
    .await
}

/// The mails that are not sent, the oldest first, a thousand at most.
///
/// # Errors
/// When the database fails.
pub async fn unsent(pool: &PgPool) -> Result<Vec<Waiting>, sqlx::Error> {
    let rows = sqlx::query!(
        "select mail_id, kind, recipient, queued_at, attempts, due_at, failed_at, reason
           from mail.queue
          where sent_at is null
          order by queued_at, mail_id
          limit 1000"
    )
    .fetch_all(pool)
    .await?;
    let shown = rows.into_iter().map(|row| Waiting {
        mail_id: MailId(row.mail_id),
        kind: row.kind,
        recipient: row.recipient,
        queued_at: row.queued_at,
        attempts: row.attempts,
        due_at: row.failed_at.is_none().then_some(row.due_at),
        reason: row.reason,
    });
    Ok(shown.collect())
}

/// For how long a mail that was given up is tried again.
const TRIED_AGAIN_FOR: TimeDelta = TimeDelta::days(1);

/// Tries a mail again that was given up; whether there is such a one.
///
/// # Errors
/// When the database fails.
pub async fn retry(pool: &PgPool, mail_id: MailId) -> Result<bool, sqlx::Error> {
    Ok(again(pool, Some(mail_id)).await? > 0)
}

/// Tries all mails again that were given up; how many.
///
/// # Errors
/// When the database fails.
pub async fn retry_all(pool: &PgPool) -> Result<u64, sqlx::Error> {
    again(pool, None).await
}

async fn again(pool: &PgPool, mail_id: Option<MailId>) -> Result<u64, sqlx::Error> {
    let retried = sqlx::query!(
        "update mail.queue
            set failed_at = null, attempts = 0, due_at = now(),
                useless_at = greatest(useless_at, now() + make_interval(secs => $2))
          where sent_at is null and failed_at is not null and ($1::uuid is null or mail_id = $1)",
        mail_id.map(|mail_id| mail_id.0),
        TRIED_AGAIN_FOR.as_seconds_f64(),
    )
    .execute(pool)
    .await?;
    Ok(retried.rows_affected())
}

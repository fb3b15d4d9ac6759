//! What became of a mail. Only who has the lease may say so; each answers whether it was heard.

use std::time::Duration;

use sqlx::PgPool;

use super::{Lease, MailId};

/// How much of a reason is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// It is on its way. What was in it is forgotten.
pub(crate) async fn sent(
    pool: &PgPool,
    mail_id: MailId,
    lease: Lease,
) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query!(
        "update mail.queue set sent_at = now(), content = null, reason = null
          where mail_id = $1 and lease = $2 and sent_at is null and failed_at is null",
        mail_id.0,
        lease.0,
    )
    .execute(pool)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// It will never be. It stays, for an operator to try again.
pub(crate) async fn failed(
    pool: &PgPool,
    mail_id: MailId,
    lease: Lease,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query!(
        "update mail.queue set failed_at = now(), reason = $3
          where mail_id = $1 and lease = $2 and sent_at is null and failed_at is null",
        mail_id.0,
        lease.0,
        shortened(reason),
    )
    .execute(pool)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// It is tried again after a while.
pub(crate) async fn put_off(
    pool: &PgPool,
    mail_id: MailId,
    lease: Lease,
    delay: Duration,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query!(
        "update mail.queue set due_at = now() + make_interval(secs => $3), reason = $4
          where mail_id = $1 and lease = $2 and sent_at is null and failed_at is null",
        mail_id.0,
        lease.0,
        delay.as_secs_f64(),
        shortened(reason),
    )
    .execute(pool)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// What a server says is anything but short or clean, sometimes.
fn shortened(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON_CHARS).collect()
}

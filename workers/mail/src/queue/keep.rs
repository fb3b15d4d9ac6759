use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};

/// How long it is kept that a mail was sent, or not.
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Forgets mails of long ago that are sent or given up; how many.
pub(crate) async fn forget_old(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "delete from mail.queue
          where queued_at < now() - make_interval(secs => $1) and (sent_at is not null or failed_at is not null)",
        KEPT_FOR.as_seconds_f64(),
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Forgets every mail to an address, those that wait, too, in the transaction of the connection: for whoever erases an
/// account. Mails about the account go with it, wherever they were to be sent.
///
/// # Errors
/// When the database fails.
pub async fn forget_recipient(
    connection: &mut PgConnection,
    recipient: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from mail.queue where lower(recipient) = lower($1)", recipient)
        .execute(connection)
        .await?;
    Ok(())
}

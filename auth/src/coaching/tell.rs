//! Mail to whoever is asked: to an address with an account and to one without, alike.

use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::Side;
use crate::email::Email;
use crate::error::AuthError;
use crate::post::{CoachingQuestion, Post};

/// How many of these mails an address gets in a day, whoever asks.
const A_DAY_TO_ONE: i64 = 3;
/// How many of them somebody causes in a day, whomever they ask.
const A_DAY_BY_ONE: i64 = 10;
/// How long somebody who asks the same address again causes no other mail.
const NOT_AGAIN: TimeDelta = TimeDelta::days(7);

/// Somebody who asks, as they are named in the mail.
pub(super) struct Asker {
    pub(super) user_id: OwnerId,
    pub(super) side: Side,
    pub(super) email: String,
    /// Whether they have shown to get mail at their address. A mail names no other: it would speak for a stranger.
    pub(super) is_verified: bool,
}

/// Puts a mail about a question into the queue, unless there were enough. Whoever asked is not told which.
pub(super) async fn tell(
    connection: &mut PgConnection,
    post: &Post,
    asker: &Asker,
    to: &Email,
    question: CoachingQuestion<'_>,
    now: DateTime<Utc>,
) -> Result<(), AuthError> {
    if asker.is_verified && count(connection, asker.user_id, to, now).await? {
        post.coaching_asked(connection, asker.user_id, to, question).await?;
    }
    Ok(())
}

/// Counts a mail; no when it would be one too many, and is not to be sent.
async fn count(
    connection: &mut PgConnection,
    asker: OwnerId,
    to: &Email,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let sent_to = Sha256::digest(to.folded().as_bytes()).to_vec();
    let sent_by = Sha256::digest(asker.0.as_bytes()).to_vec();
    // Of many who ask the same address at once, each counts those before it. The asker's own are counted one by one, too:
    // their account is locked by now.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('coaching mail ' || encode($1, 'hex'), 0))",
        sent_to,
    )
    .execute(&mut *connection)
    .await?;
    let counted = sqlx::query!(
        "with old as (delete from auth.coaching_mails where sent_at < $5)
         insert into auth.coaching_mails (sent_to, sent_by, sent_at)
         select $1, $2, $3
          where (select count(*) from auth.coaching_mails where sent_to = $1 and sent_at > $4) < $6
            and (select count(*) from auth.coaching_mails where sent_by = $2 and sent_at > $4) < $7
            and not exists (select from auth.coaching_mails
                             where sent_to = $1 and sent_by = $2 and sent_at > $5)",
        sent_to,
        sent_by,
        now,
        now - TimeDelta::days(1),
        now - NOT_AGAIN,
        A_DAY_TO_ONE,
        A_DAY_BY_ONE,
    )
    .execute(connection)
    .await?;
    Ok(counted.rows_affected() > 0)
}

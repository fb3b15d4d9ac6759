use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};

use super::code::Code;
use super::totp::TotpSecret;
use crate::error::AuthError;
use crate::keys::MasterKey;

/// How many wrong codes in a row are let pass: whoever mistypes is not made to wait.
const FREE_FAILURES: i32 = 4;
/// How long one waits after the next, doubled with each after that.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// The longest wait: 24 guesses a day are nothing among a million codes.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// With what somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// A code of their app.
    App,
    /// A recovery code, which is used up.
    RecoveryCode,
}

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was right, and is not taken again.
    Right(Means),
    /// It was wrong, or was taken before.
    Wrong,
    /// Too many were wrong: codes of an app are not looked at before so many seconds have passed.
    Blocked {
        /// How long to wait.
        retry_after_s: u64,
    },
    /// There is no factor to check it against.
    NoFactor,
}

/// Which factor a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The one that guards the account.
    InUse,
    /// The one whose first code is awaited.
    Awaited,
}

/// Whether a code is right for the factor that guards an account.
pub(crate) async fn check_in_use(
    pool: &PgPool,
    master_key: &MasterKey,
    user_id: OwnerId,
    code: &Code,
    now: DateTime<Utc>,
) -> Result<Verdict, AuthError> {
    let mut transaction = pool.begin().await?;
    let verdict = check(&mut transaction, master_key, user_id, Stage::InUse, code, now).await?;
    transaction.commit().await?;
    Ok(verdict)
}

/// Whether a code is right. Commit whatever comes of it: a code that was taken and one that was wrong are both kept.
pub(super) async fn check(
    transaction: &mut PgConnection,
    master_key: &MasterKey,
    user_id: OwnerId,
    stage: Stage,
    code: &Code,
    now: DateTime<Utc>,
) -> Result<Verdict, AuthError> {
    // Locked: of two requests with the same code the second one finds it taken, and guesses at once are counted one
    // by one.
    let factor = sqlx::query!(
        "select sealed_secret, confirmed_at, last_step, failures, blocked_until
           from auth.second_factors where user_id = $1 for update",
        user_id.0,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let awaited = stage == Stage::Awaited;
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_none() == awaited) else {
        return Ok(Verdict::NoFactor);
    };
    let code = match code {
        // Too many to guess, so nobody who knows a password keeps the owner out by guessing.
        Code::Recovery(code) => {
            let used = sqlx::query!(
                "delete from auth.recovery_codes where user_id = $1 and code_hash = $2",
                user_id.0,
                code.hash(),
            )
            .execute(transaction)
            .await?
            .rows_affected();
            return Ok(if used > 0 { Verdict::Right(Means::RecoveryCode) } else { Verdict::Wrong });
        }
        Code::OfApp(code) => Some(*code),
        Code::Nonsense => None,
    };
    if let Some(until) = factor.blocked_until.filter(|until| *until > now) {
        let retry_after_s = (until - now).num_seconds().unsigned_abs() + 1;
        return Ok(Verdict::Blocked { retry_after_s });
    }
    let secret = TotpSecret::open(&factor.sealed_secret, master_key, user_id)?;
    match code.and_then(|code| secret.step_of(code, now, factor.last_step)) {
        Some(step) => {
            sqlx::query!(
                "update auth.second_factors set last_step = $2, failures = 0, blocked_until = null where user_id = $1",
                user_id.0,
                step,
            )
            .execute(transaction)
            .await?;
            Ok(Verdict::Right(Means::App))
        }
        None => {
            let failures = factor.failures.saturating_add(1);
            sqlx::query!(
                "update auth.second_factors set failures = $2, blocked_until = $3 where user_id = $1",
                user_id.0,
                failures,
                wait_after(failures).map(|wait| now + wait),
            )
            .execute(transaction)
            .await?;
            Ok(Verdict::Wrong)
        }
    }
}

fn wait_after(failures: i32) -> Option<TimeDelta> {
    let doublings = failures - FREE_FAILURES - 1;
    let doublings = u32::try_from(doublings).ok()?.min(16);
    Some((FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_an_hour() {
        let waits: Vec<_> = (1..=14).map(wait_after).collect();
        assert_eq!(waits[..4], [None; 4]);
        let seconds: Vec<_> =
            waits[4..].iter().map(|wait| wait.map(|wait| wait.num_seconds())).collect();
        let expected = [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600].map(Some);
        assert_eq!(seconds, expected);
        assert_eq!(wait_after(i32::MAX), Some(LONGEST_WAIT));
    }
}

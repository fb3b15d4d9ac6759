use chrono::Utc;
use domain::OwnerId;
use sqlx::PgPool;
use zeroize::Zeroizing;

use super::check::{self, Stage, Verdict};
use super::code::Code;
use super::qr;
use super::recovery_codes::{self, NewRecoveryCodes};
use super::totp::TotpSecret;
use crate::error::AuthError;
use crate::keys::MasterKey;
use crate::sessions::{SessionId, unprove_others};

/// What an authenticator app is to be given, in the three forms that apps take.
pub(crate) struct Begun {
    /// To be typed.
    pub(crate) secret: Zeroizing<String>,
    /// To be opened on the device itself.
    pub(crate) uri: Zeroizing<String>,
    /// To be scanned.
    pub(crate) qr_svg: Zeroizing<String>,
}

/// What came of the first code.
pub(crate) enum Confirmation {
    /// It was right: the factor guards the account.
    On(NewRecoveryCodes),
    /// It was not, or there is nothing to confirm.
    Refused(Verdict),
}

/// Gives an account a new secret, which guards nothing before its first code has come. Nothing when a factor guards the
/// account already.
pub(crate) async fn begin(
    pool: &PgPool,
    master_key: &MasterKey,
    user_id: OwnerId,
    email: &str,
) -> Result<Option<Begun>, AuthError> {
    let secret = TotpSecret::generate()?;
    let sealed = secret.seal(master_key, user_id)?;
    let stored = sqlx::query!(
        "insert into auth.second_factors (user_id, sealed_secret, created_at) values ($1, $2, $3)
         on conflict (user_id) do update
            set sealed_secret = excluded.sealed_secret, created_at = excluded.created_at,
                last_step = 0, failures = 0, blocked_until = null
          where second_factors.confirmed_at is null",
        user_id.0,
        sealed,
        Utc::now(),
    )
    .execute(pool)
    .await?
    .rows_affected();
    if stored == 0 {
        return Ok(None);
    }
    let secret = secret.to_base32();
    let uri = qr::uri(&secret, email);
    let qr_svg = qr::svg(&uri)?;
    Ok(Some(Begun { secret, uri, qr_svg }))
}

/// Lets the factor guard the account, if the code is right. Other sessions have to prove who they are anew: they have
/// not shown the factor.
pub(crate) async fn confirm(
    pool: &PgPool,
    master_key: &MasterKey,
    user_id: OwnerId,
    session_id: SessionId,
    code: &Code,
) -> Result<Confirmation, AuthError> {
    let now = Utc::now();
    let mut transaction = pool.begin().await?;
    let verdict =
        check::check(&mut transaction, master_key, user_id, Stage::Awaited, code, now).await?;
    let Verdict::Right(_) = verdict else {
        transaction.commit().await?;
        return Ok(Confirmation::Refused(verdict));
    };
    sqlx::query!(
        "update auth.second_factors set confirmed_at = $2 where user_id = $1",
        user_id.0,
        now,
    )
    .execute(&mut *transaction)
    .await?;
    let codes = recovery_codes::insert(&mut transaction, user_id, now).await?;
    unprove_others(&mut transaction, user_id, session_id).await?;
    transaction.commit().await?;
    Ok(Confirmation::On(codes))
}

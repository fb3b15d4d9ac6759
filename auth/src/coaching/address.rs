//! Whose the questions are that were put to an address.

use domain::OwnerId;
use sqlx::PgConnection;

/// An account was found to get mail at its address: what was asked there when it was nobody's is for this account from
/// now on, and does not go over to whoever has the address later.
pub(crate) async fn take_questions(
    connection: &mut PgConnection,
    user_id: OwnerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.coach_invitations i
            set asked_id = u.user_id
           from auth.users u
          where u.user_id = $1 and u.email_verified_at is not null
            and i.asked_id is null and lower(i.email) = lower(u.email) and i.asker_id <> u.user_id",
        user_id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An account has another address now, and was never found to get mail at the one it had: what was asked there was not
/// meant for it.
pub(crate) async fn leave_questions(
    connection: &mut PgConnection,
    user_id: OwnerId,
    address: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update auth.coach_invitations set asked_id = null where asked_id = $1 and lower(email) = lower($2)",
        user_id.0,
        address,
    )
    .execute(connection)
    .await?;
    Ok(())
}

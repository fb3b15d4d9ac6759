//! Who may be sent a plan by mail.

use domain::OwnerId;
use service::Acting;
use sqlx::{PgConnection, PgPool};

/// The user at an address that whoever asks may send a plan to: themselves, or an athlete of theirs; a plan of an
/// athlete's goes to nobody else's. Only where the owner has shown to get mail there.
///
/// `None` says nothing about whether there is such an account.
pub(crate) async fn recipient(
    pool: &PgPool,
    acting: &Acting,
    address: &str,
) -> sqlx::Result<Option<OwnerId>> {
    let found = sqlx::query_scalar!(
        "select u.user_id from auth.users u
          where lower(u.email) = $1 and u.email_verified_at is not null and u.locked_at is null
            and (u.user_id = $2
                 or ($2 = $3 or u.user_id = $3)
                    and exists (select from auth.coach_access a
                                  join auth.users c on c.user_id = a.coach_id and c.locked_at is null
                                                   and 'coach' = any(c.roles)
                                 where a.coach_id = $2 and a.athlete_id = u.user_id))",
        address.trim().to_ascii_lowercase(),
        acting.actor.user_id.0,
        acting.owner.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(OwnerId))
}

/// Somebody who gets a plan by mail.
pub(crate) struct Recipient {
    pub(crate) address: String,
    pub(crate) name: Option<String>,
}

/// Where a plan of an owner's goes to a user by mail, if it still may: the account is there, its address is verified,
/// and it is the owner's, or that of a coach or athlete of theirs. The row is kept from other writers until the
/// transaction ends.
pub(crate) async fn address_of(
    connection: &mut PgConnection,
    user: OwnerId,
    owner: OwnerId,
) -> sqlx::Result<Option<Recipient>> {
    sqlx::query_as!(
        Recipient,
        "select u.email as address, u.name from auth.users u
          where u.user_id = $1 and u.email_verified_at is not null and u.locked_at is null
            and ($1 = $2 or exists (select from auth.coach_access a
                                     where (a.coach_id, a.athlete_id) in (($1, $2), ($2, $1))))
            for no key update of u",
        user.0,
        owner.0,
    )
    .fetch_optional(connection)
    .await
}

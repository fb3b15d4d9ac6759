//! Links: who an account's owner is elsewhere.

use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

use crate::keyed_requests::{Answer, Keyed, KeyedError};
use crate::providers::Identity;

/// A provider that an account's owner can sign in through.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// Its name.
    #[schema(example = "google")]
    provider: String,
    /// Since when.
    linked_at: DateTime<Utc>,
}

/// What came of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linked {
    /// It is made.
    Now,
    /// It was there.
    Before,
    /// This person there is another account here.
    OfAnother,
    /// The account is linked to another person there.
    ToAnother,
}

/// What came of taking one away.
pub(crate) enum Unlinked {
    /// It is gone.
    Gone(Answer<()>),
    /// There was none.
    None,
    /// It is the only way in: nobody knows the account's password.
    LastWayIn,
}

/// Whose account it is when this person signs in.
pub(crate) async fn owner(
    pool: &PgPool,
    identity: &Identity,
) -> Result<Option<OwnerId>, sqlx::Error> {
    let user_id = sqlx::query_scalar!(
        "select user_id from auth.links where issuer = $1 and subject = $2",
        identity.issuer,
        identity.subject,
    )
    .fetch_optional(pool)
    .await?;
    Ok(user_id.map(OwnerId))
}

/// The links of an account, the oldest first.
pub(crate) async fn list(pool: &PgPool, user_id: OwnerId) -> Result<Vec<Link>, sqlx::Error> {
    sqlx::query_as!(
        Link,
        "select provider, linked_at from auth.links where user_id = $1 order by linked_at, issuer",
        user_id.0,
    )
    .fetch_all(pool)
    .await
}

/// Lets this person sign in to an account.
pub(crate) async fn link(
    connection: &mut PgConnection,
    user_id: OwnerId,
    provider: &str,
    identity: &Identity,
) -> Result<Linked, sqlx::Error> {
    let made = sqlx::query!(
        "insert into auth.links (issuer, subject, user_id, provider, linked_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        identity.issuer,
        identity.subject,
        user_id.0,
        provider,
        Utc::now(),
    )
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() > 0 {
        return Ok(Linked::Now);
    }
    let present = sqlx::query_scalar!(
        "select user_id from auth.links where issuer = $1 and subject = $2",
        identity.issuer,
        identity.subject,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match present {
        Some(owner) if owner == user_id.0 => Linked::Before,
        Some(_) => Linked::OfAnother,
        None => Linked::ToAnother,
    })
}

/// Takes a link away, unless nobody could sign in then.
pub(crate) async fn unlink(
    pool: &PgPool,
    user_id: OwnerId,
    provider: &str,
    keyed: &Keyed,
) -> Result<Unlinked, KeyedError> {
    let mut transaction = pool.begin().await?;
    if let Some(()) = keyed.first_answer(&mut transaction).await? {
        return Ok(Unlinked::Gone(Answer::Again(())));
    }
    // Of two that are taken away at once the second one is the last.
    let account = sqlx::query!(
        r#"select coalesce(unknown_password_hash = password_hash, false) as "is_password_unknown!"
             from auth.users where user_id = $1 for no key update"#,
        user_id.0,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "count!" from auth.links where user_id = $1 and provider <> $2"#,
        user_id.0,
        provider,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let gone = sqlx::query!(
        "delete from auth.links where user_id = $1 and provider = $2",
        user_id.0,
        provider,
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    if gone == 0 {
        return Ok(Unlinked::None);
    }
    if left == 0 && account.is_some_and(|account| account.is_password_unknown) {
        return Ok(Unlinked::LastWayIn);
    }
    keyed.keep(&mut transaction, &()).await?;
    transaction.commit().await?;
    Ok(Unlinked::Gone(Answer::First(())))
}

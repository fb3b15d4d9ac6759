use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::{Deserialize, Serialize};
use service::{IfMatch, Role};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::roles;
use crate::error::AuthError;
use crate::keyed_requests::{Answer, Keyed, KeyedError};
use crate::sessions::{self, Reason, SessionId};

/// An account as an administrator sees it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct User {
    /// The account's id.
    pub(crate) user_id: Uuid,
    /// As its owner wrote it.
    #[schema(format = Email, example = "ann@example.org")]
    email: String,
    /// What its owner wants to be called.
    name: Option<String>,
    /// What its owner may do.
    roles: Vec<Role>,
    /// Since when nobody may sign in with it; null when its owner may.
    locked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// Counts its changes, from 1.
    #[schema(minimum = 1)]
    pub(crate) version: u64,
}

/// Why an administrator did not get their way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdministerError {
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// It has another version than the client thinks.
    #[error("the account has another version")]
    VersionDiffers,
    /// Nobody would be left to undo it.
    #[error(
        "administrators neither lock themselves out nor give up their own role; another one can do it"
    )]
    OneSelf,
    /// Another request came with the `Idempotency-Key` before.
    #[error(transparent)]
    Keyed(#[from] KeyedError),
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for AdministerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

struct UserRow {
    user_id: Uuid,
    email: String,
    name: Option<String>,
    roles: Vec<String>,
    locked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    version: i64,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow { user_id, email, name, roles, locked_at, created_at, version } = row;
        let (roles, version) = (roles::decode(&roles), version.unsigned_abs());
        Self { user_id, email, name, roles, locked_at, created_at, version }
    }
}

/// An account as an administrator has left it.
pub(crate) struct Administered {
    pub(crate) user: Answer<User>,
    /// Which sessions have ended; nothing when the account was so already.
    pub(crate) ended: Option<Vec<SessionId>>,
}

/// The accounts with a text in e-mail or name, the newest first, behind the one of this age and id.
pub(crate) async fn list(
    pool: &PgPool,
    q: Option<&str>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<User>, sqlx::Error> {
    let (created_at, user_id) = after.unzip();
    let rows = sqlx::query_as!(
        UserRow,
        "select user_id, email, name, roles, locked_at, created_at, version
           from auth.users
          where ($1::text is null
                 or position(lower($1) in lower(email)) > 0
                 or position(lower($1) in lower(name)) > 0)
            and (created_at, user_id)
                < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
          order by created_at desc, user_id desc
          limit $4",
        q,
        created_at,
        user_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// One account.
pub(crate) async fn find_as_admin(
    pool: &PgPool,
    user_id: OwnerId,
) -> Result<Option<User>, sqlx::Error> {
    let row = sqlx::query_as!(
        UserRow,
        "select user_id, email, name, roles, locked_at, created_at, version from auth.users where user_id = $1",
        user_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(User::from))
}

/// Gives an account these roles and no others. When one is taken away, its sessions end, because their tokens speak
/// of it.
pub(crate) async fn set_roles(
    pool: &PgPool,
    admin: OwnerId,
    user_id: OwnerId,
    roles: &[Role],
    if_match: &IfMatch,
    keyed: &Keyed,
) -> Result<Administered, AdministerError> {
    let now = Utc::now();
    let mut transaction = pool.begin().await?;
    if let Some(user) = keyed.first_answer(&mut transaction).await? {
        return Ok(Administered { user: Answer::Again(user), ended: None });
    }
    let present = locked_row(&mut transaction, user_id, if_match).await?;
    if admin == user_id && !roles.contains(&Role::Admin) {
        return Err(AdministerError::OneSelf);
    }
    let (had, has) = (roles::decode(&present.roles), roles);
    let is_kept = had.iter().all(|role| has.contains(role));
    if had.len() == has.len() && is_kept {
        return done(transaction, keyed, present, None).await;
    }
    let changed = sqlx::query_as!(
        UserRow,
        "update auth.users set roles = $2, version = version + 1, updated_at = $3 where user_id = $1
         returning user_id, email, name, roles, locked_at, created_at, version",
        user_id.0,
        &roles::encode(roles),
        now,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let ended = if is_kept {
        vec![]
    } else {
        sessions::revoke_all(&mut transaction, user_id, None, Reason::RoleChange, now).await?
    };
    done(transaction, keyed, changed, Some(ended)).await
}

/// Locks an account, which ends its sessions, or lets its owner in again.
pub(crate) async fn set_locked(
    pool: &PgPool,
    admin: OwnerId,
    user_id: OwnerId,
    locked: bool,
    if_match: &IfMatch,
    keyed: &Keyed,
) -> Result<Administered, AdministerError> {
    let now = Utc::now();
    let mut transaction = pool.begin().await?;
    if let Some(user) = keyed.first_answer(&mut transaction).await? {
        return Ok(Administered { user: Answer::Again(user), ended: None });
    }
    let present = locked_row(&mut transaction, user_id, if_match).await?;
    if admin == user_id && locked {
        return Err(AdministerError::OneSelf);
    }
    if present.locked_at.is_some() == locked {
        return done(transaction, keyed, present, None).await;
    }
    let changed = sqlx::query_as!(
        UserRow,
        "update auth.users set locked_at = $2, version = version + 1, updated_at = $3 where user_id = $1
         returning user_id, email, name, roles, locked_at, created_at, version",
        user_id.0,
        locked.then_some(now),
        now,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let ended = if locked {
        sessions::revoke_all(&mut transaction, user_id, None, Reason::Lock, now).await?
    } else {
        vec![]
    };
    done(transaction, keyed, changed, Some(ended)).await
}

/// Commits, with the answer for whoever sends the same request again.
async fn done(
    mut transaction: Transaction<'_, Postgres>,
    keyed: &Keyed,
    row: UserRow,
    ended: Option<Vec<SessionId>>,
) -> Result<Administered, AdministerError> {
    let user = User::from(row);
    keyed.keep_about(&mut transaction, &user, Some(OwnerId(user.user_id))).await?;
    transaction.commit().await?;
    Ok(Administered { user: Answer::First(user), ended })
}

/// The row, kept from others until the transaction ends.
async fn locked_row(
    connection: &mut PgConnection,
    user_id: OwnerId,
    if_match: &IfMatch,
) -> Result<UserRow, AdministerError> {
    let row = sqlx::query_as!(
        UserRow,
        "select user_id, email, name, roles, locked_at, created_at, version from auth.users
          where user_id = $1 for no key update",
        user_id.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(AdministerError::NoAccount)?;
    if if_match.allows(row.version.unsigned_abs()) {
        Ok(row)
    } else {
        Err(AdministerError::VersionDiffers)
    }
}

use chrono::{DateTime, Utc};
use domain::{Name, OwnerId};
use service::{IfMatch, Role};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::roles;
use crate::email::Email;

/// An account as its owner sees it.
pub(crate) struct Account {
    pub(crate) user_id: OwnerId,
    pub(crate) email: String,
    pub(crate) is_verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) version: u64,
    pub(crate) created_at: DateTime<Utc>,
}

/// An account to be.
pub(crate) struct NewAccount<'a> {
    pub(crate) email: &'a Email,
    pub(crate) name: Option<&'a Name>,
    pub(crate) password_hash: &'a str,
    pub(crate) roles: &'a [Role],
}

/// What a login is checked against.
pub(crate) struct Credentials {
    pub(crate) user_id: OwnerId,
    pub(crate) password_hash: String,
    pub(crate) roles: Vec<Role>,
    /// Whether an administrator has locked it.
    pub(crate) is_locked: bool,
    /// Whether its owner has shown to get mail at the address.
    pub(crate) is_verified: bool,
}

/// What came of a new name.
pub(crate) enum Renamed {
    /// The account as it is now; unchanged when it had the name already.
    Account(Account),
    /// The account has another version than the client thinks.
    VersionDiffers,
    /// There is no such account.
    NoAccount,
}

struct AccountRow {
    user_id: Uuid,
    email: String,
    email_verified_at: Option<DateTime<Utc>>,
    name: Option<String>,
    roles: Vec<String>,
    version: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<AccountRow> for Account {
    type Error = sqlx::Error;

    fn try_from(row: AccountRow) -> Result<Self, sqlx::Error> {
        let AccountRow { user_id, email, email_verified_at, name, roles, version, created_at } =
            row;
        let version = u64::try_from(version).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self {
            user_id: OwnerId(user_id),
            email,
            is_verified: email_verified_at.is_some(),
            name,
            roles: roles::decode(&roles),
            version,
            created_at,
        })
    }
}

/// Makes an account, unless its e-mail has one already.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    account: NewAccount<'_>,
    now: DateTime<Utc>,
) -> Result<Option<OwnerId>, sqlx::Error> {
    let user_id = Uuid::now_v7();
    let inserted = sqlx::query!(
        "insert into auth.users (user_id, email, name, password_hash, roles, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)
         on conflict (lower(email)) do nothing",
        user_id,
        account.email.as_str(),
        account.name.map(Name::as_str),
        account.password_hash,
        &roles::encode(account.roles),
        now,
    )
    .execute(connection)
    .await?;
    Ok((inserted.rows_affected() > 0).then_some(OwnerId(user_id)))
}

/// The account.
pub(crate) async fn find(pool: &PgPool, user_id: OwnerId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        AccountRow,
        "select user_id, email, email_verified_at, name, roles, version, created_at from auth.users
          where user_id = $1",
        user_id.0,
    )
    .fetch_optional(pool)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// What a login with the e-mail is checked against.
pub(crate) async fn credentials(
    pool: &PgPool,
    email: &Email,
) -> Result<Option<Credentials>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select user_id, password_hash, roles, locked_at is not null as "is_locked!",
                  email_verified_at is not null as "is_verified!"
             from auth.users where lower(email) = $1"#,
        email.folded(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Credentials {
        user_id: OwnerId(row.user_id),
        password_hash: row.password_hash,
        roles: roles::decode(&row.roles),
        is_locked: row.is_locked,
        is_verified: row.is_verified,
    }))
}

/// What a sign-in to an account is checked against, when it is known whose it is.
pub(crate) async fn credentials_of(
    pool: &PgPool,
    user_id: OwnerId,
) -> Result<Option<Credentials>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select password_hash, roles, locked_at is not null as "is_locked!",
                  email_verified_at is not null as "is_verified!"
             from auth.users where user_id = $1"#,
        user_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Credentials {
        user_id,
        password_hash: row.password_hash,
        roles: roles::decode(&row.roles),
        is_locked: row.is_locked,
        is_verified: row.is_verified,
    }))
}

/// Takes note that the address of an account is its owner's, for whoever knows without a mail.
pub(crate) async fn set_verified(
    connection: &mut PgConnection,
    user_id: OwnerId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("update auth.users set email_verified_at = $2 where user_id = $1", user_id.0, now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whose account has an e-mail address, and whether it was found to be theirs.
pub(crate) async fn verified_owner(
    pool: &PgPool,
    email: &Email,
) -> Result<Option<(OwnerId, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select user_id, email_verified_at is not null as "is_verified!" from auth.users where lower(email) = $1"#,
        email.folded(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (OwnerId(row.user_id), row.is_verified)))
}

/// Gives the account a name, or takes it away. No name at all, or the one it has, changes nothing.
pub(crate) async fn rename(
    connection: &mut PgConnection,
    user_id: OwnerId,
    name: Option<Option<&Name>>,
    if_match: &IfMatch,
    now: DateTime<Utc>,
) -> Result<Renamed, sqlx::Error> {
    let present = sqlx::query_as!(
        AccountRow,
        "select user_id, email, email_verified_at, name, roles, version, created_at from auth.users
          where user_id = $1 for no key update",
        user_id.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(present) = present else { return Ok(Renamed::NoAccount) };
    let mut account = Account::try_from(present)?;
    if !if_match.allows(account.version) {
        return Ok(Renamed::VersionDiffers);
    }
    if let Some(name) = name.map(|name| name.map(Name::as_str))
        && account.name.as_deref() != name
    {
        sqlx::query!(
            "update auth.users set name = $2, version = version + 1, updated_at = $3 where user_id = $1",
            user_id.0,
            name,
            now,
        )
        .execute(connection)
        .await?;
        account.name = name.map(str::to_owned);
        account.version += 1;
    }
    Ok(Renamed::Account(account))
}

use chrono::{DateTime, Utc};
use domain::{Name, OwnerId};
use serde::Serialize;
use service::Scope;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::NewKey;
use crate::error::AuthError;
use crate::keyed_requests::{Answer, Keyed, KeyedError};

/// How many keys an account may have.
const MOST: i64 = 50;

/// A key, as its owner sees it later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// The key's id, to revoke it by.
    pub(crate) id: Uuid,
    /// What its owner calls it.
    #[schema(example = "the watch")]
    pub(crate) name: String,
    /// What it is for.
    scopes: Vec<Scope>,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it ends; null for never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; null when it never was.
    last_used_at: Option<DateTime<Utc>>,
}

/// A key that somebody wants.
pub(crate) struct KeyToBe {
    pub(crate) name: Name,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Why somebody got no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    /// They have enough.
    #[error("an account has at most {MOST} API keys; revoke one that is not used")]
    TooMany,
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for CreateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// Makes a key.
pub(crate) async fn create(
    pool: &PgPool,
    user_id: OwnerId,
    wanted: KeyToBe,
) -> Result<(ApiKey, NewKey), CreateError> {
    let KeyToBe { name, scopes, expires_at } = wanted;
    let (id, created_at) = (Uuid::now_v7(), Utc::now());
    let key = NewKey::generate().map_err(AuthError::from)?;
    let words: Vec<_> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    let mut transaction = pool.begin().await?;
    // One at a time for each account, or two that come at once would count wrongly.
    sqlx::query!("select user_id from auth.users where user_id = $1 for update", user_id.0)
        .fetch_optional(&mut *transaction)
        .await?;
    let has = sqlx::query_scalar!(
        r#"select count(*) as "count!" from auth.api_keys where user_id = $1"#,
        user_id.0
    )
    .fetch_one(&mut *transaction)
    .await?;
    if has >= MOST {
        return Err(CreateError::TooMany);
    }
    sqlx::query!(
        "insert into auth.api_keys (key_id, user_id, name, scopes, key_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        user_id.0,
        name.as_str(),
        &words,
        key.hash(),
        created_at,
        expires_at,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let name = name.as_str().to_owned();
    Ok((ApiKey { id, name, scopes, created_at, expires_at, last_used_at: None }, key))
}

/// The keys of an account, the newest first, behind the one of this age and id.
pub(crate) async fn list(
    pool: &PgPool,
    user_id: OwnerId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<ApiKey>, sqlx::Error> {
    let (created_at, key_id) = after.unzip();
    let rows = sqlx::query!(
        "select key_id, name, scopes, created_at, expires_at, last_used_at
           from auth.api_keys
          where user_id = $1
            and (created_at, key_id)
                < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
          order by created_at desc, key_id desc
          limit $4",
        user_id.0,
        created_at,
        key_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let keys = rows.into_iter().map(|row| ApiKey {
        id: row.key_id,
        name: row.name,
        scopes: row.scopes.iter().filter_map(|word| Scope::from_word(word)).collect(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    });
    Ok(keys.collect())
}

/// Ends a key; its name, when the account had it.
pub(crate) async fn revoke(
    pool: &PgPool,
    user_id: OwnerId,
    key_id: Uuid,
    keyed: &Keyed,
) -> Result<Option<Answer<String>>, KeyedError> {
    let mut transaction = pool.begin().await?;
    if let Some(name) = keyed.first_answer(&mut transaction).await? {
        return Ok(Some(Answer::Again(name)));
    }
    let name = sqlx::query_scalar!(
        "delete from auth.api_keys where key_id = $1 and user_id = $2 returning name",
        key_id,
        user_id.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(name) = name else { return Ok(None) };
    keyed.keep(&mut transaction, &name).await?;
    transaction.commit().await?;
    Ok(Some(Answer::First(name)))
}

use chrono::{DateTime, Utc};
use domain::OwnerId;
use service::{Access, ApiKeys, KeySourceError, Principal, Role, Scope};
use sqlx::PgPool;

use crate::accounts::decode_roles;

/// API keys as the database has them.
pub(crate) fn source(pool: PgPool) -> ApiKeys {
    ApiKeys::new(move |digest| {
        let pool = pool.clone();
        Box::pin(async move { find(&pool, &digest).await.map_err(KeySourceError::new) })
    })
}

/// Whom a key speaks for; nobody when it is unknown, or its owner may not sign in.
async fn find(pool: &PgPool, digest: &[u8]) -> Result<Option<Principal>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select k.key_id, k.user_id, k.scopes, k.expires_at, u.roles,
                  (k.last_used_at is null or k.last_used_at < now() - interval '1 minute') as "is_stale!"
             from auth.api_keys k
             join auth.users u on u.user_id = k.user_id
            where k.key_hash = $1 and u.locked_at is null"#,
        digest,
    )
    .fetch_optional(pool)
    .await?;
    let Some(found) = found else { return Ok(None) };
    if found.is_stale {
        sqlx::query!(
            "update auth.api_keys set last_used_at = now() where key_id = $1",
            found.key_id
        )
        .execute(pool)
        .await?;
    }
    let scopes: Vec<_> = found.scopes.iter().filter_map(|word| Scope::from_word(word)).collect();
    let mut roles = decode_roles(&found.roles);
    if !scopes.contains(&Scope::Admin) {
        roles.retain(|role| *role != Role::Admin);
    }
    Ok(Some(Principal {
        user_id: OwnerId(found.user_id),
        roles,
        access: Access::ApiKey(scopes),
        jti: found.key_id,
        expires_at: found.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC),
    }))
}

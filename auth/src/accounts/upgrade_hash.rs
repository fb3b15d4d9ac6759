use domain::OwnerId;

use crate::password::{Password, PasswordHasher};
use crate::state::AuthState;

/// Hashes a password anew that was hashed by parameters of the past, behind the answer: its time must not tell.
pub(crate) fn upgrade_hash(auth: &AuthState, user_id: OwnerId, password: Password, old: &str) {
    if !PasswordHasher::is_outdated(old) {
        return;
    }
    let old = old.to_owned();
    let (hasher, pool) = (auth.hasher.clone(), auth.pool.clone());
    tokio::spawn(async move {
        let new = match hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(user.id = %user_id, %error, "password not hashed anew; the next sign-in tries again");
                return;
            }
        };
        // Not over a password that was changed meanwhile.
        let upgraded = sqlx::query!(
            "update auth.users set password_hash = $3 where user_id = $1 and password_hash = $2",
            user_id.0,
            old,
            new,
        );
        match upgraded.execute(&pool).await {
            Ok(_) => tracing::info!(user.id = %user_id, "password hashed anew"),
            Err(error) => tracing::warn!(user.id = %user_id, %error, "password not hashed anew"),
        }
    });
}

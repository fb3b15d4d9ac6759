use domain::OwnerId;
use sqlx::PgConnection;

use crate::email::Email;

/// The owner of an account, as mail knows them.
pub(crate) struct Addressee {
    pub(crate) user_id: OwnerId,
    pub(crate) email: String,
    /// What to call them, if they have shown that the address is theirs. Else somebody else may have chosen the name, to
    /// have a text of theirs delivered.
    pub(crate) name: Option<String>,
    pub(crate) is_verified: bool,
}

/// The owner of an account. The row is kept from other writers until the transaction ends.
pub(crate) async fn addressee(
    connection: &mut PgConnection,
    user_id: OwnerId,
) -> Result<Option<Addressee>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select email, name, email_verified_at is not null as "is_verified!"
             from auth.users where user_id = $1 for no key update"#,
        user_id.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Addressee {
        user_id,
        email: row.email,
        name: row.name.filter(|_| row.is_verified),
        is_verified: row.is_verified,
    }))
}

/// The owner of the account with an address. The row is kept from other writers until the transaction ends.
pub(crate) async fn addressee_at(
    connection: &mut PgConnection,
    email: &Email,
) -> Result<Option<Addressee>, sqlx::Error> {
    let user_id = sqlx::query_scalar!(
        "select user_id from auth.users where lower(email) = $1",
        email.folded()
    )
    .fetch_optional(&mut *connection)
    .await?;
    match user_id {
        Some(user_id) => addressee(connection, OwnerId(user_id)).await,
        None => Ok(None),
    }
}

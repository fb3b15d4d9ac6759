use domain::OwnerId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes away the questions that hold an account's e-mail address, whoever wrote it there. What else there is between
/// coaches and athletes goes with the account; the ids of the accesses that end so.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    user_id: OwnerId,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query!(
        "delete from auth.coach_invitations
          where lower(email) = (select lower(email) from auth.users where user_id = $1)",
        user_id.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar!(
        "delete from auth.coach_access where athlete_id = $1 or coach_id = $1 returning access_id",
        user_id.0,
    )
    .fetch_all(connection)
    .await
}

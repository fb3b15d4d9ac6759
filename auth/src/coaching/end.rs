use domain::OwnerId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Side;
use super::relation::{decode_scope, subject};
use super::step::Step;
use crate::activity::{Kind, Visitor};
use crate::keyed_requests::{Answer, Keyed, KeyedError};

/// Ends what somebody has granted or was granted, or takes back what they have asked; nothing when there is no such thing
/// of theirs.
pub(crate) async fn end(
    pool: &PgPool,
    party: (OwnerId, Side),
    access_id: Uuid,
    keyed: &Keyed,
    visitor: Visitor,
) -> Result<Option<Answer<()>>, KeyedError> {
    let mut transaction = pool.begin().await?;
    if let Some(()) = keyed.first_answer(&mut transaction).await? {
        return Ok(Some(Answer::Again(())));
    }
    let (step, kind) = if let Some(step) = end_access(&mut transaction, party, access_id).await? {
        (step, Kind::CoachingEnded)
    } else if let Some(step) = take_back(&mut transaction, party, access_id).await? {
        (step, Kind::CoachingTakenBack)
    } else {
        return Ok(None);
    };
    step.keep(&mut transaction, kind, visitor).await?;
    keyed.keep(&mut transaction, &()).await?;
    transaction.commit().await?;
    Ok(Some(Answer::First(())))
}

async fn end_access(
    connection: &mut PgConnection,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
) -> Result<Option<Step>, sqlx::Error> {
    let row = sqlx::query!(
        "delete from auth.coach_access
          where access_id = $1
            and case $2 when 'athlete' then athlete_id else coach_id end = $3
         returning athlete_id, coach_id, scope",
        access_id,
        side.as_str(),
        user_id.0,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let other = OwnerId(match side {
        Side::Athlete => row.coach_id,
        Side::Coach => row.athlete_id,
    });
    let about = subject(decode_scope(&row.scope)?, access_id);
    Ok(Some(Step { actor: user_id, other, about }))
}

async fn take_back(
    connection: &mut PgConnection,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
) -> Result<Option<Step>, sqlx::Error> {
    let row = sqlx::query!(
        "delete from auth.coach_invitations
          where access_id = $1 and asker_is = $2 and asker_id = $3
         returning asked_id, scope",
        access_id,
        side.as_str(),
        user_id.0,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let about = subject(decode_scope(&row.scope)?, access_id);
    Ok(Some(Step { actor: user_id, other: OwnerId(row.asked_id.unwrap_or_default()), about }))
}

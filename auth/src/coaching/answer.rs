use chrono::{DateTime, Utc};
use domain::OwnerId;
use service::CoachScope;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::list::find;
use super::relation::{Pair, decode_scope, subject};
use super::step::Step;
use super::{Relation, Side};
use crate::activity::{Kind, Visitor};
use crate::keyed_requests::{Answer, Keyed, KeyedError};

/// What somebody has been asked.
struct Question {
    asker: OwnerId,
    scope: CoachScope,
}

/// Grants what was asked, or accepts what was offered; nothing when nobody has. To do it again changes nothing.
pub(crate) async fn accept(
    pool: &PgPool,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
    keyed: &Keyed,
    visitor: Visitor,
) -> Result<Option<Answer<Relation>>, KeyedError> {
    let now = Utc::now();
    let mut transaction = pool.begin().await?;
    if let Some(relation) = keyed.first_answer(&mut transaction).await? {
        return Ok(Some(Answer::Again(relation)));
    }
    if let Some(question) = take(&mut transaction, (user_id, side), access_id, now).await? {
        grant(&mut transaction, (user_id, side), access_id, question, visitor, now).await?;
    }
    let relation = find(&mut *transaction, (user_id, side), access_id).await?;
    let Some(relation) = relation else { return Ok(None) };
    keyed.keep_about(&mut transaction, &relation, relation.other()).await?;
    transaction.commit().await?;
    Ok(Some(Answer::First(relation)))
}

async fn grant(
    connection: &mut PgConnection,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
    question: Question,
    visitor: Visitor,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let Question { asker, scope } = question;
    let Pair { athlete, coach } = Pair::of(user_id, side, asker);
    // Both may have asked the other, and answer at once: the later answer counts.
    sqlx::query!(
        "insert into auth.coach_access (access_id, athlete_id, coach_id, scope, granted_at) values ($1, $2, $3, $4, $5)
         on conflict (coach_id, athlete_id) do update
            set access_id = excluded.access_id, scope = excluded.scope, granted_at = excluded.granted_at, version = 1",
        access_id,
        athlete.0,
        coach.0,
        scope.as_str(),
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from auth.coach_invitations
          where (asker_id = $1 and asker_is = 'athlete' and asked_id = $2)
             or (asker_id = $2 and asker_is = 'coach' and asked_id = $1)",
        athlete.0,
        coach.0,
    )
    .execute(&mut *connection)
    .await?;
    Step { actor: user_id, other: asker, about: subject(scope, access_id) }
        .keep(connection, Kind::CoachingAccepted, visitor)
        .await
}

/// Says no to what was asked; nothing when nobody has.
pub(crate) async fn decline(
    pool: &PgPool,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
    keyed: &Keyed,
    visitor: Visitor,
) -> Result<Option<Answer<()>>, KeyedError> {
    let mut transaction = pool.begin().await?;
    if let Some(()) = keyed.first_answer(&mut transaction).await? {
        return Ok(Some(Answer::Again(())));
    }
    let question = take(&mut transaction, (user_id, side), access_id, Utc::now()).await?;
    let Some(Question { asker, scope }) = question else { return Ok(None) };
    Step { actor: user_id, other: asker, about: subject(scope, access_id) }
        .keep(&mut transaction, Kind::CoachingDeclined, visitor)
        .await?;
    keyed.keep(&mut transaction, &()).await?;
    transaction.commit().await?;
    Ok(Some(Answer::First(())))
}

/// Takes a question away that was put to somebody on a side.
async fn take(
    connection: &mut PgConnection,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Question>, sqlx::Error> {
    let row = sqlx::query!(
        "delete from auth.coach_invitations i
          where i.access_id = $1 and i.asker_is = $2 and i.expires_at > $3 and i.asked_id = $4
         returning i.asker_id, i.scope",
        access_id,
        side.other().as_str(),
        now,
        user_id.0,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(Question { asker: OwnerId(row.asker_id), scope: decode_scope(&row.scope)? }))
        .transpose()
}

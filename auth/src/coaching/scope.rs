use domain::OwnerId;
use service::{CoachAccess, CoachScope};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::list::find;
use super::relation::subject;
use super::step::Step;
use super::{Relation, Side};
use crate::activity::{Kind, Visitor};
use crate::error::AuthError;
use crate::keyed_requests::{Answer, Keyed, KeyedError};

/// Why a scope was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScopeError {
    /// The athlete has no such coach.
    #[error("there is no such coach")]
    NoCoach,
    /// It is a question still.
    #[error("it is not granted yet: accept or decline it, or invite once more with another scope")]
    NotGranted,
    /// Another request came with the `Idempotency-Key` before.
    #[error(transparent)]
    Keyed(#[from] KeyedError),
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for ScopeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// A coach as the athlete sees them now, and the access if its scope was changed just now.
pub(crate) struct Changed {
    pub(crate) relation: Answer<Relation>,
    pub(crate) access: Option<CoachAccess>,
}

/// Gives an athlete's coach another scope. The one they have changes nothing.
pub(crate) async fn change_scope(
    pool: &PgPool,
    athlete: OwnerId,
    access_id: Uuid,
    scope: CoachScope,
    keyed: &Keyed,
    visitor: Visitor,
) -> Result<Changed, ScopeError> {
    let mut transaction = pool.begin().await?;
    if let Some(relation) = keyed.first_answer(&mut transaction).await? {
        return Ok(Changed { relation: Answer::Again(relation), access: None });
    }
    let access = set(&mut transaction, athlete, access_id, scope).await?;
    let Some(relation) = find(&mut *transaction, (athlete, Side::Athlete), access_id).await? else {
        return Err(refusal(&mut transaction, athlete, access_id).await?);
    };
    if let Some(coach) = relation.other().filter(|_| access.is_some()) {
        Step { actor: athlete, other: coach, about: subject(scope, access_id) }
            .keep(&mut transaction, Kind::CoachingScopeChanged, visitor)
            .await?;
    }
    keyed.keep_about(&mut transaction, &relation, relation.other()).await?;
    transaction.commit().await?;
    Ok(Changed { relation: Answer::First(relation), access })
}

/// The access as it is then, if it is another one.
async fn set(
    connection: &mut PgConnection,
    athlete: OwnerId,
    access_id: Uuid,
    scope: CoachScope,
) -> Result<Option<CoachAccess>, sqlx::Error> {
    let version = sqlx::query_scalar!(
        "update auth.coach_access set scope = $3, version = version + 1
          where access_id = $1 and athlete_id = $2 and scope <> $3
         returning version",
        access_id,
        athlete.0,
        scope.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(version.map(|version| CoachAccess { id: access_id, scope, version }))
}

/// Why nothing is granted under an id.
async fn refusal(
    connection: &mut PgConnection,
    athlete: OwnerId,
    access_id: Uuid,
) -> Result<ScopeError, sqlx::Error> {
    let is_question = sqlx::query_scalar!(
        r#"select exists(select from auth.coach_invitations
                          where access_id = $1 and expires_at > now()
                            and ((asker_id = $2 and asker_is = 'athlete') or (asked_id = $2 and asker_is = 'coach')))
                  as "is_question!""#,
        access_id,
        athlete.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(if is_question { ScopeError::NotGranted } else { ScopeError::NoCoach })
}

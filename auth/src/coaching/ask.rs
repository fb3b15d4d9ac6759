use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use serde::{Deserialize, Serialize};
use service::CoachScope;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::relation::{Pair, subject};
use super::step::Step;
use super::tell::{Asker, tell};
use super::{Relation, Side};
use crate::activity::{Kind, Visitor};
use crate::email::Email;
use crate::error::AuthError;
use crate::keyed_requests::{Answer, Keyed, KeyedError};
use crate::post::{CoachingQuestion, Post};

/// How many questions somebody may have waiting for an answer, on each side.
const MOST: i64 = 50;
/// How long a question waits.
const WAITS: TimeDelta = TimeDelta::days(30);

/// What somebody asks of somebody else.
pub(crate) struct Ask<'a> {
    pub(crate) asker: OwnerId,
    /// The asker's.
    pub(crate) side: Side,
    pub(crate) email: &'a Email,
    pub(crate) scope: CoachScope,
}

/// Why it was not asked. None tells what the asker does not know.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// It is their own address.
    #[error("must not be your own")]
    OneSelf,
    /// They have access, or have granted it, already.
    #[error(
        "there is an access between you already; the athlete can change its scope, and either can end it"
    )]
    Granted,
    /// They wait for enough answers.
    #[error("at most {MOST} questions wait for an answer at a time; take one back first")]
    TooMany,
    /// Another request came with the `Idempotency-Key` before.
    #[error(transparent)]
    Keyed(#[from] KeyedError),
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for AskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// What is kept of the answer to a question: all but what the request says, too. So nobody's address stays with a
/// stranger when their account is erased.
#[derive(Serialize, Deserialize)]
struct Asked {
    access_id: Uuid,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Asks, or asks once more with another scope, and writes to the address. It does the same whether or not the address has
/// an account.
pub(crate) async fn ask(
    pool: &PgPool,
    post: &Post,
    question: Ask<'_>,
    keyed: &Keyed,
    visitor: Visitor,
) -> Result<Answer<Relation>, AskError> {
    let now = Utc::now();
    let answer = |asked| relation(&question, asked);
    let mut transaction = pool.begin().await?;
    if let Some(asked) = keyed.first_answer(&mut transaction).await? {
        return Ok(Answer::Again(answer(asked)));
    }
    let asker = asker(&mut transaction, &question).await?;
    if asker.as_ref().is_some_and(|asker| asker.email.eq_ignore_ascii_case(question.email.as_str()))
    {
        return Err(AskError::OneSelf);
    }
    let asked_id = sqlx::query_scalar!(
        "select user_id from auth.users where lower(email) = $1",
        question.email.folded()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    // Whoever has no account is nobody here, so that the statements are the same.
    let asked_or_nobody = OwnerId(asked_id.unwrap_or_default());
    check(&mut transaction, &question, asked_or_nobody, now).await?;
    let asked = put(&mut transaction, &question, asked_id, now).await?;
    Step {
        actor: question.asker,
        other: asked_or_nobody,
        about: subject(question.scope, asked.access_id),
    }
    .keep(&mut transaction, Kind::CoachingAsked, visitor)
    .await?;
    if let Some(asker) = &asker {
        let told = CoachingQuestion {
            from: &asker.email,
            is_coachs: asker.side == Side::Coach,
            scope: question.scope,
            until: asked.expires_at,
        };
        tell(&mut transaction, post, asker, question.email, told, now).await?;
    }
    keyed.keep(&mut transaction, &asked).await?;
    transaction.commit().await?;
    Ok(Answer::First(answer(asked)))
}

/// Who asks. One at a time for each, or two that come at once would count wrongly. Two who ask each other do not wait in a
/// ring: the rows below refer to both, which this lock allows.
async fn asker(
    connection: &mut PgConnection,
    question: &Ask<'_>,
) -> Result<Option<Asker>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select email, email_verified_at is not null as "is_verified!"
             from auth.users where user_id = $1 for no key update"#,
        question.asker.0
    )
    .fetch_optional(connection)
    .await?;
    let (user_id, side) = (question.asker, question.side);
    Ok(row.map(|row| Asker { user_id, side, email: row.email, is_verified: row.is_verified }))
}

async fn check(
    connection: &mut PgConnection,
    question: &Ask<'_>,
    asked_or_nobody: OwnerId,
    now: DateTime<Utc>,
) -> Result<(), AskError> {
    let Ask { asker, side, email, .. } = *question;
    let Pair { athlete, coach } = Pair::of(asker, side, asked_or_nobody);
    let counted = sqlx::query!(
        r#"select exists(select from auth.coach_access where athlete_id = $1 and coach_id = $2) as "is_granted!",
                  (select count(*) from auth.coach_invitations
                    where asker_id = $3 and asker_is = $4 and expires_at > $5 and lower(email) <> $6) as "waiting!""#,
        athlete.0,
        coach.0,
        asker.0,
        side.as_str(),
        now,
        email.folded(),
    )
    .fetch_one(&mut *connection)
    .await?;
    if counted.is_granted {
        return Err(AskError::Granted);
    }
    if counted.waiting >= MOST {
        return Err(AskError::TooMany);
    }
    sqlx::query!(
        "delete from auth.coach_invitations where asker_id = $1 and asker_is = $2 and expires_at <= $3",
        asker.0,
        side.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts the question. Asked once more, it is for whoever has the address now.
async fn put(
    connection: &mut PgConnection,
    question: &Ask<'_>,
    asked_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Asked, sqlx::Error> {
    sqlx::query_as!(
        Asked,
        "insert into auth.coach_invitations as i
             (access_id, asker_id, asker_is, email, asked_id, scope, asked_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (asker_id, asker_is, lower(email)) do update
            set scope = excluded.scope, email = excluded.email, asked_id = excluded.asked_id,
                asked_at = excluded.asked_at, expires_at = excluded.expires_at
         returning access_id, asked_at, expires_at",
        Uuid::now_v7(),
        question.asker.0,
        question.side.as_str(),
        question.email.as_str(),
        asked_id,
        question.scope.as_str(),
        now,
        now + WAITS,
    )
    .fetch_one(connection)
    .await
}

fn relation(question: &Ask<'_>, asked: Asked) -> Relation {
    let Asked { access_id, asked_at, expires_at } = asked;
    let email = question.email.as_str().to_owned();
    Relation::asked(access_id, question.scope, email, asked_at, expires_at)
}

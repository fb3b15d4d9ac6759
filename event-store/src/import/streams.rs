//! What is seen when all events are there: in one query each, for they may be more than the memory holds.

use domain::OwnerId;
use sqlx::PgConnection;

use super::{Fault, ImportError};

/// The events of a stream are numbered without gaps, and belong to one owner.
///
/// Those of the erased may have gaps: an export that is written while they are removed has what it came by.
pub(super) async fn check_streams(connection: &mut PgConnection) -> Result<(), ImportError> {
    let wrong = sqlx::query!(
        r#"select position, aggregate_type, aggregate_id, sequence, owner_id,
                  expected as "expected!", first_owner as "first_owner!"
             from (select position, aggregate_type, aggregate_id, sequence, owner_id,
                          row_number() over stream as expected, first_value(owner_id) over stream as first_owner
                     from es.events
                   window stream as (partition by aggregate_type, aggregate_id order by position)) numbered
            where owner_id <> first_owner
               or (sequence <> expected
                   and not exists (select from es.erasures x where x.owner_id = numbered.owner_id))
            order by position
            limit 1"#,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(wrong) = wrong else { return Ok(()) };
    let (aggregate_type, aggregate_id) = (wrong.aggregate_type, wrong.aggregate_id);
    let fault = if wrong.owner_id == wrong.first_owner {
        let (sequence, expected) = (wrong.sequence, wrong.expected);
        Fault::Sequence { aggregate_type, aggregate_id, sequence, expected }
    } else {
        let (owner, first) = (OwnerId(wrong.owner_id), OwnerId(wrong.first_owner));
        Fault::SecondOwner { aggregate_type, aggregate_id, owner, first }
    };
    Err(ImportError::Event { number: number_of(connection, wrong.position).await?, fault })
}

/// No two events have the same id.
pub(super) async fn check_ids(connection: &mut PgConnection) -> Result<(), ImportError> {
    let twice = sqlx::query!(
        r#"select event_id, (array_agg(position order by position))[2] as "position!"
             from es.events
            group by event_id
           having count(*) > 1
            order by 2
            limit 1"#,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(twice) = twice else { return Ok(()) };
    let fault = Fault::IdTaken(twice.event_id);
    Err(ImportError::Event { number: number_of(connection, twice.position).await?, fault })
}

/// Which of the events is at a position.
async fn number_of(connection: &mut PgConnection, position: i64) -> sqlx::Result<u64> {
    let number = sqlx::query_scalar!(
        r#"select count(*) as "count!" from es.events where position <= $1"#,
        position,
    )
    .fetch_one(connection)
    .await?;
    Ok(number.unsigned_abs())
}

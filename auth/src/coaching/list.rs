use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::relation::Row;
use super::{Relation, Side};

/// Whom somebody on a side has across, granted or only asked, the newest first, behind the one of this age and id.
pub(crate) async fn list(
    pool: &PgPool,
    (user_id, side): (OwnerId, Side),
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Relation>, sqlx::Error> {
    let (since, access_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"with place as (
               select coalesce($3::timestamptz, 'infinity') as since,
                      coalesce($4::uuid, '00000000-0000-0000-0000-000000000000') as access_id
           )
           (select a.access_id as "access_id!", 'active' as "status!", a.scope as "scope!", u.email as "email!",
                   u.name as "name?", u.user_id as "user_id?", a.granted_at as "since!",
                   null::timestamptz as "expires_at?"
              from auth.coach_access a
              join auth.users u on u.user_id = case $2 when 'athlete' then a.coach_id else a.athlete_id end
             where (($2 = 'athlete' and a.athlete_id = $1) or ($2 = 'coach' and a.coach_id = $1))
               and (a.granted_at, a.access_id) < (select since, access_id from place)
             order by a.granted_at desc, a.access_id desc
             limit $5)
           union all
           (select i.access_id, 'asked', i.scope, i.email, null, null, i.asked_at, i.expires_at
              from auth.coach_invitations i
             where i.asker_id = $1 and i.asker_is = $2 and i.expires_at > $6
               and (i.asked_at, i.access_id) < (select since, access_id from place)
             order by i.asked_at desc, i.access_id desc
             limit $5)
           union all
           (select i.access_id, 'waiting', i.scope, u.email, u.name, null, i.asked_at, i.expires_at
              from auth.coach_invitations i
              join auth.users u on u.user_id = i.asker_id
             where i.asked_id = $1 and i.asker_is <> $2 and i.expires_at > $6
               and (i.asked_at, i.access_id) < (select since, access_id from place)
             order by i.asked_at desc, i.access_id desc
             limit $5)
           order by 7 desc, 1 desc
           limit $5"#,
        user_id.0,
        side.as_str(),
        since,
        access_id,
        limit,
        now,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Relation::try_from).collect()
}

/// What was granted under an id, by or to somebody on a side.
pub(super) async fn find(
    executor: impl PgExecutor<'_>,
    (user_id, side): (OwnerId, Side),
    access_id: Uuid,
) -> Result<Option<Relation>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select a.access_id, 'active' as "status!", a.scope, u.email, u.name as "name?", u.user_id as "user_id?",
                  a.granted_at as since, null::timestamptz as "expires_at?"
             from auth.coach_access a
             join auth.users u on u.user_id = case $2 when 'athlete' then a.coach_id else a.athlete_id end
            where a.access_id = $3 and case $2 when 'athlete' then a.athlete_id else a.coach_id end = $1"#,
        user_id.0,
        side.as_str(),
        access_id,
    )
    .fetch_optional(executor)
    .await?;
    row.map(Relation::try_from).transpose()
}

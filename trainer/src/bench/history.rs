use domain::{OwnerId, Part};
use sqlx::PgPool;
use uuid::Uuid;

/// Fills the store with the history of many runners: plans of forty workouts, most of them run, some
/// corrected or skipped, and as many runs beside the plan. Made in SQL, because it is not what is
/// measured; the payloads are those the commands write.
pub(super) async fn fill(pool: &PgPool, events: i64) -> anyhow::Result<()> {
    sqlx::raw_sql(include_str!("history.sql")).execute(pool).await?;
    let owners: Vec<Uuid> =
        sqlx::query_scalar("select bench_owners($1)").bind(events).fetch_all(pool).await?;
    let part_of = |owner: &Uuid| i16::from(Part::of(OwnerId(*owner)).number());
    let parts: Vec<i16> = owners.iter().map(part_of).collect();
    sqlx::query("select bench_history($1, $2)").bind(events).bind(parts).execute(pool).await?;
    sqlx::raw_sql("vacuum analyze es.events").execute(pool).await?;
    Ok(())
}

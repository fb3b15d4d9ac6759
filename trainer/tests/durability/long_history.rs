//! A database that was in use for years.

use std::time::Duration;

use domain::{OwnerId, Part};
use sqlx::PgPool;
use uuid::Uuid;

use crate::eventually;

/// Stores the history of many runners, as a database that is restored has it.
pub(crate) async fn fill(pool: &PgPool, events: u64) {
    sqlx::raw_sql(include_str!("../../src/bench/history.sql")).execute(pool).await.unwrap();
    let owners: Vec<Uuid> = sqlx::query_scalar("select bench_owners($1)")
        .bind(events as i64)
        .fetch_all(pool)
        .await
        .unwrap();
    let part_of = |owner: &Uuid| i16::from(Part::of(OwnerId(*owner)).number());
    let parts: Vec<i16> = owners.iter().map(part_of).collect();
    sqlx::query("select bench_history($1, $2)")
        .bind(events as i64)
        .bind(parts)
        .execute(pool)
        .await
        .unwrap();
}

/// Waits until the projectors have come to the last event, however long that takes.
pub(crate) async fn all_come_along(pool: &PgPool) {
    eventually("the end of the history", Duration::from_secs(300), async || {
        let behind: bool = sqlx::query_scalar(
            "select exists (select from projector.checkpoints c, es.head h
                             where c.generation = 'live' and c.position < h.position)",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        (!behind).then_some(())
    })
    .await;
}

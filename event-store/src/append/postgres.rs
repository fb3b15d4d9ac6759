use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoredAnswer;
use super::batch::{Answer, Batch};
use super::columns::{AppendRow, Columns};
use super::ledger::{Ledger, NoAnswer};

/// The ledger that counts.
pub(super) struct Postgres {
    pub(super) pool: PgPool,
}

impl Ledger for Postgres {
    async fn append(&self, batch: &Batch) -> Result<Answer, NoAnswer> {
        let mut connection = self.pool.acquire().await.map_err(NoAnswer::not_sent)?;
        let connection: &mut PgConnection = &mut connection;
        let columns = Columns::of(&batch.commands);
        let rows = sqlx::query_as!(
            AppendRow,
            r#"select outcome as "outcome!", item as "item!", value as "value!"
                 from es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"#,
            &columns.command_owner,
            columns.write_type as _,
            columns.write_stream as _,
            &columns.write_expected,
            &columns.key_id,
            &columns.key_owner,
            columns.key_hash as _,
            &columns.key_events,
            columns.key_answer as _,
            &columns.key_at,
            columns.aggregate_type as _,
            columns.aggregate_id as _,
            &columns.sequence,
            columns.event_type as _,
            columns.event_version as _,
            columns.payload as _,
            columns.metadata as _,
            &columns.owner,
            &columns.part,
            &columns.event_id,
            &columns.recorded_at,
        )
        .fetch_all(connection)
        .await?;
        Ok(columns.answer(rows))
    }

    async fn appended_before(&self, batch: &Batch) -> sqlx::Result<Option<i64>> {
        let (mut types, mut streams, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
        let (mut event_ids, mut events_before) = (Vec::new(), Vec::new());
        for trace in batch.traces() {
            types.push(trace.aggregate_type);
            streams.push(trace.aggregate_id);
            sequences.push(trace.sequence);
            event_ids.push(trace.event_id);
            events_before.push(trace.events_before);
        }
        // Any of them will do, and one may not: its owner may have been erased since.
        sqlx::query_scalar!(
            r#"select stored.position - 1 - t.before as "head!"
                 from unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::bigint[])
                      t(type, stream, sequence, event_id, before)
                cross join lateral (select e.position
                                      from es.events e
                                     where e.aggregate_type = t.type and e.aggregate_id = t.stream
                                       and e.sequence = t.sequence and e.event_id = t.event_id
                                     limit 1) stored
                limit 1"#,
            types as _,
            streams as _,
            &sequences,
            &event_ids,
            &events_before,
        )
        .fetch_optional(&self.pool)
        .await
    }

    async fn stored_answer(&self, key: Uuid) -> sqlx::Result<Option<StoredAnswer>> {
        sqlx::query_as!(
            StoredAnswer,
            r#"select request_hash, position, response::text as "answer!" from es.commands where command_id = $1"#,
            key,
        )
        .fetch_optional(&self.pool)
        .await
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

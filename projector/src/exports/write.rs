use sqlx::PgConnection;

use super::columns::ExportColumns;
use super::row::ExportRow;
use crate::ProjectorError;
use crate::checkpoint::{Step, fenced};

/// Writes rows and checkpoint in one statement. Every part of it asks the fence, so a projector that was overtaken
/// writes nothing.
pub(super) async fn write(
    connection: &mut PgConnection,
    step: Step,
    rows: &[ExportRow],
) -> Result<(), ProjectorError> {
    if rows.is_empty() {
        return step.take(connection).await;
    }
    let columns = ExportColumns::of(rows);
    let moved = sqlx::query_scalar!(
        r#"
        with fence as (
            update projector.checkpoints set position = $5, updated_at = now()
             where projection = $1 and generation = $2 and epoch = $3 and position = $4
            returning 1
        ), written as (
            insert into plan_exports (pdf_id, owner_id, plan_id, template, status, position, requested_at, finished_at,
                                      pages, size_bytes, sha256, error, expires_at, mailed_at)
            select * from unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::bigint[],
                                 $12::timestamptz[], $13::timestamptz[], $14::bigint[], $15::bigint[], $16::text[],
                                 $17::text[], $18::timestamptz[], $19::timestamptz[])
             where exists (select from fence)
            on conflict (pdf_id) do update set
                status = excluded.status, finished_at = excluded.finished_at, pages = excluded.pages,
                size_bytes = excluded.size_bytes, sha256 = excluded.sha256, error = excluded.error,
                expires_at = excluded.expires_at, mailed_at = excluded.mailed_at
        )
        select count(*) as "moved!" from fence
        "#,
        step.projection.name(),
        step.generation.as_str(),
        step.epoch,
        step.from,
        step.to,
        &columns.pdf_id,
        &columns.owner_id,
        &columns.plan_id,
        columns.template as _,
        columns.status as _,
        &columns.position,
        &columns.requested_at,
        columns.finished_at as _,
        columns.pages as _,
        columns.size_bytes as _,
        columns.sha256 as _,
        columns.error as _,
        columns.expires_at as _,
        columns.mailed_at as _,
    )
    .fetch_one(connection)
    .await?;
    fenced(moved)
}

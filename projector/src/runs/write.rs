use sqlx::PgConnection;

use super::columns::{RunColumns, TotalColumns};
use super::fold::Changes;
use super::totals::{Emptied, Totals};
use crate::ProjectorError;
use crate::checkpoint::{Step, fenced};

/// Writes rows, totals and checkpoint in one statement. Every part of it asks the fence, so a
/// projector that was overtaken writes nothing.
pub(super) async fn write(
    connection: &mut PgConnection,
    step: Step,
    changes: &Changes,
    totals: &Totals,
    emptied: &Emptied,
) -> Result<(), ProjectorError> {
    let rows = RunColumns::of(&changes.rows);
    let weeks = TotalColumns::of(totals.weeks.iter(), &emptied.weeks);
    let months = TotalColumns::of(totals.months.iter(), &emptied.months);
    let (gone_week_owners, gone_weeks): (Vec<_>, Vec<_>) = emptied.weeks.iter().copied().unzip();
    let (gone_month_owners, gone_months): (Vec<_>, Vec<_>) = emptied.months.iter().copied().unzip();
    let moved = sqlx::query_scalar!(
        r#"
        with fence as (
            update projector.checkpoints set position = $5, updated_at = now()
             where projection = $1 and generation = $2 and epoch = $3 and position = $4
            returning 1
        ), gone as (
            delete from runs where run_id = any($6::uuid[]) and exists (select from fence)
        ), gone_weeks as (
            delete from weekly_totals
             where (owner_id, start_date) in (select * from unnest($7::uuid[], $8::date[]))
               and exists (select from fence)
        ), gone_months as (
            delete from monthly_totals
             where (owner_id, start_date) in (select * from unnest($9::uuid[], $10::date[]))
               and exists (select from fence)
        ), written as (
            insert into runs (run_id, owner_id, plan_id, workout_id, actual_date, started_at, started_offset_s,
                              distance_m, duration_s, average_heart_rate, max_heart_rate, elevation_gain_m,
                              perceived_effort, is_race, notes, source, external_id, version, created_at, updated_at)
            select * from unnest($11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::date[], $16::timestamptz[],
                                 $17::int[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[],
                                 $23::bigint[], $24::boolean[], $25::text[], $26::text[], $27::text[], $28::bigint[],
                                 $29::timestamptz[], $30::timestamptz[])
             where exists (select from fence)
            on conflict (run_id) do update set
                plan_id = excluded.plan_id, workout_id = excluded.workout_id, actual_date = excluded.actual_date,
                started_at = excluded.started_at, started_offset_s = excluded.started_offset_s,
                distance_m = excluded.distance_m, duration_s = excluded.duration_s,
                average_heart_rate = excluded.average_heart_rate, max_heart_rate = excluded.max_heart_rate,
                elevation_gain_m = excluded.elevation_gain_m, perceived_effort = excluded.perceived_effort,
                is_race = excluded.is_race, notes = excluded.notes, version = excluded.version,
                updated_at = excluded.updated_at
        ), weeks as (
            insert into weekly_totals as t (owner_id, start_date, runs, distance_m, duration_s, elevation_gain_m)
            select * from unnest($31::uuid[], $32::date[], $33::bigint[], $34::bigint[], $35::bigint[], $36::bigint[])
             where exists (select from fence)
            on conflict (owner_id, start_date) do update set
                runs = t.runs + excluded.runs, distance_m = t.distance_m + excluded.distance_m,
                duration_s = t.duration_s + excluded.duration_s,
                elevation_gain_m = t.elevation_gain_m + excluded.elevation_gain_m
        ), months as (
            insert into monthly_totals as t (owner_id, start_date, runs, distance_m, duration_s, elevation_gain_m)
            select * from unnest($37::uuid[], $38::date[], $39::bigint[], $40::bigint[], $41::bigint[], $42::bigint[])
             where exists (select from fence)
            on conflict (owner_id, start_date) do update set
                runs = t.runs + excluded.runs, distance_m = t.distance_m + excluded.distance_m,
                duration_s = t.duration_s + excluded.duration_s,
                elevation_gain_m = t.elevation_gain_m + excluded.elevation_gain_m
        )
        select count(*) as "moved!" from fence
        "#,
        step.projection.name(),
        step.generation.as_str(),
        step.epoch,
        step.from,
        step.to,
        &changes.gone,
        &gone_week_owners,
        &gone_weeks,
        &gone_month_owners,
        &gone_months,
        &rows.run_id,
        &rows.owner_id,
        rows.plan_id as _,
        rows.workout_id as _,
        &rows.actual_date,
        rows.started_at as _,
        rows.started_offset_s as _,
        &rows.distance_m,
        &rows.duration_s,
        rows.average_heart_rate as _,
        rows.max_heart_rate as _,
        rows.elevation_gain_m as _,
        rows.perceived_effort as _,
        &rows.is_race,
        rows.notes as _,
        rows.source as _,
        rows.external_id as _,
        &rows.version,
        &rows.created_at,
        &rows.updated_at,
        &weeks.owner_id,
        &weeks.start_date,
        &weeks.runs,
        &weeks.distance_m,
        &weeks.duration_s,
        &weeks.elevation_gain_m,
        &months.owner_id,
        &months.start_date,
        &months.runs,
        &months.distance_m,
        &months.duration_s,
        &months.elevation_gain_m,
    )
    .fetch_one(connection)
    .await?;
    fenced(moved)
}

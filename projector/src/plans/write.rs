use sqlx::PgConnection;

use super::columns::{PlanColumns, WorkoutColumns};
use super::fold::Changes;
use crate::ProjectorError;
use crate::checkpoint::{Step, fenced};

/// Writes rows and checkpoint in one statement. Every part of it asks the fence, so a projector
/// that was overtaken writes nothing.
pub(super) async fn write(
    connection: &mut PgConnection,
    step: Step,
    changes: &Changes,
) -> Result<(), ProjectorError> {
    let plans = PlanColumns::of(&changes.plans);
    let workouts = WorkoutColumns::of(&changes.workouts);
    let moved = sqlx::query_scalar!(
        r#"
        with fence as (
            update projector.checkpoints set position = $5, updated_at = now()
             where projection = $1 and generation = $2 and epoch = $3 and position = $4
            returning 1
        ), gone_plans as (
            delete from plans where plan_id = any($6::uuid[]) and exists (select from fence)
        ), gone_with_plan as (
            delete from workouts where plan_id = any($6::uuid[]) and exists (select from fence)
        ), gone_workouts as (
            delete from workouts
             where workout_id = any($7::uuid[]) and plan_id <> all($6::uuid[]) and exists (select from fence)
        ), written_plans as (
            insert into plans (plan_id, owner_id, name, description, start_date, end_date, goal_race_date,
                               goal_race_distance_m, status, workout_count, version, created_at, updated_at)
            select * from unnest($8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::date[], $13::date[], $14::date[],
                                 $15::bigint[], $16::text[], $17::bigint[], $18::bigint[], $19::timestamptz[],
                                 $20::timestamptz[])
             where exists (select from fence)
            on conflict (plan_id) do update set
                name = excluded.name, description = excluded.description, start_date = excluded.start_date,
                end_date = excluded.end_date, goal_race_date = excluded.goal_race_date,
                goal_race_distance_m = excluded.goal_race_distance_m, status = excluded.status,
                workout_count = excluded.workout_count, version = excluded.version, updated_at = excluded.updated_at
        ), written_workouts as (
            insert into workouts (workout_id, plan_id, owner_id, name, workout_type, description, scheduled_date,
                                  distance_m, duration_minutes, target_pace_fast_s_per_km, target_pace_slow_s_per_km,
                                  status, run_id, version, created_at, updated_at)
            select * from unnest($21::uuid[], $22::uuid[], $23::uuid[], $24::text[], $25::text[], $26::text[],
                                 $27::date[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bigint[], $32::text[],
                                 $33::uuid[], $34::bigint[], $35::timestamptz[], $36::timestamptz[])
             where exists (select from fence)
            on conflict (workout_id) do update set
                name = excluded.name, workout_type = excluded.workout_type, description = excluded.description,
                scheduled_date = excluded.scheduled_date, distance_m = excluded.distance_m,
                duration_minutes = excluded.duration_minutes,
                target_pace_fast_s_per_km = excluded.target_pace_fast_s_per_km,
                target_pace_slow_s_per_km = excluded.target_pace_slow_s_per_km, status = excluded.status,
                run_id = excluded.run_id, version = excluded.version, created_at = excluded.created_at,
                updated_at = excluded.updated_at
        )
        select count(*) as "moved!" from fence
        "#,
        step.projection.name(),
        step.generation.as_str(),
        step.epoch,
        step.from,
        step.to,
        &changes.gone_plans,
        &changes.gone_workouts,
        &plans.plan_id,
        &plans.owner_id,
        plans.name as _,
        plans.description as _,
        &plans.start_date,
        &plans.end_date,
        plans.goal_race_date as _,
        plans.goal_race_distance_m as _,
        plans.status as _,
        &plans.workout_count,
        &plans.version,
        &plans.created_at,
        &plans.updated_at,
        &workouts.workout_id,
        &workouts.plan_id,
        &workouts.owner_id,
        workouts.name as _,
        workouts.workout_type as _,
        workouts.description as _,
        workouts.scheduled_date as _,
        workouts.distance_m as _,
        workouts.duration_minutes as _,
        workouts.target_pace_fast_s_per_km as _,
        workouts.target_pace_slow_s_per_km as _,
        workouts.status as _,
        workouts.run_id as _,
        &workouts.version,
        &workouts.created_at,
        &workouts.updated_at,
    )
    .fetch_one(connection)
    .await?;
    fenced(moved)
}

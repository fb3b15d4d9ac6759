use serde_json::json;
use sqlx::{PgPool, Row};

use crate::api::{Api, Runner, new_database};

/// The hot lists find a page's beginning in their index, whichever way Postgres plans them, and sort nothing.
#[tokio::test]
async fn lists_use_their_indexes() {
    // One connection: its prepared statements are those of the reads.
    let api = Api::over(&new_database().await, 1).await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    fill(&api.pool, &runner, plan).await;
    let path = |path: &str| path.replace("PLAN", &plan.to_string());

    for (path, table, index) in [
        (path("/api/v1/plans"), "from plans", "plans_by_start"),
        (path("/api/v1/workouts"), "is null and coalesce(scheduled_date", "workouts_by_day"),
        (
            path("/api/v1/plans/PLAN/workouts"),
            "and plan_id = $2 and coalesce(scheduled_date",
            "workouts_by_plan",
        ),
        (path("/api/v1/runs"), "from runs", "runs_by_day"),
    ] {
        let page = runner.read(&format!("{path}?limit=20")).await;
        assert!(page["next_cursor"].is_string(), "{path}");
        for mode in ["force_generic_plan", "force_custom_plan"] {
            let plan = explain(&api.pool, table, mode, &runner, plan).await;
            assert!(plan.contains(&format!("using {index} on")), "{path}, {mode}:\n{plan}");
            assert!(!plan.contains("Sort"), "{path}, {mode}:\n{plan}");
            let condition =
                plan.lines().find(|line| line.contains("Index Cond")).unwrap_or_default();
            assert!(condition.contains("ROW("), "{path}, {mode}:\n{plan}");
        }
    }
}

/// The few runs of a plan or a workout are found by it, not among all runs.
#[tokio::test]
async fn runs_of_a_plan_or_workout_are_found_by_it() {
    let api = Api::over(&new_database().await, 1).await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    fill(&api.pool, &runner, plan).await;
    for (path, part, index) in [
        (format!("/api/v1/plans/{plan}/runs"), "and plan_id = $2", "runs_by_plan"),
        (format!("/api/v1/runs?workout_id={plan}"), "and workout_id = $3", "runs_by_workout"),
    ] {
        runner.read(&path).await;
        for mode in ["force_generic_plan", "force_custom_plan"] {
            let plan = explain(&api.pool, part, mode, &runner, plan).await;
            assert!(plan.contains(index), "{path}, {mode}:\n{plan}");
        }
    }
}

/// Explains the statement of a read that has just been prepared, as for a later page.
async fn explain(
    pool: &PgPool,
    part: &str,
    mode: &str,
    runner: &Runner<'_>,
    plan: uuid::Uuid,
) -> String {
    let prepared =
        "select name, statement, parameter_types::text[] as types from pg_prepared_statements";
    let rows =
        sqlx::query(prepared).persistent(false).fetch_all(pool).await.expect("prepared statements");
    let row = rows
        .iter()
        .find(|row| {
            row.get::<String, _>("statement")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .contains(part)
        })
        .expect("the read's statement");
    let arguments = row
        .get::<Vec<String>, _>("types")
        .iter()
        .enumerate()
        .map(|(index, kind)| match (index, kind.as_str()) {
            (0, "uuid") => format!("'{}'", runner.id),
            (1, "uuid") if part.contains("plan_id = $2") => format!("'{plan}'"),
            (2, "uuid") if part.contains("workout_id = $3") => format!("'{plan}'"),
            (_, "bigint") => "21".to_owned(),
            _ => "null".to_owned(),
        })
        .collect::<Vec<_>>();
    let name = row.get::<String, _>("name");
    sqlx::query(&format!("set plan_cache_mode = {mode}"))
        .persistent(false)
        .execute(pool)
        .await
        .expect("set");
    let explain = format!("explain execute {name} ({})", arguments.join(", "));
    let lines = sqlx::raw_sql(&explain).fetch_all(pool).await.expect("a plan");
    lines.iter().map(|line| line.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

/// Years of training of one runner, beside those of others.
async fn fill(pool: &PgPool, runner: &Runner<'_>, plan: uuid::Uuid) {
    for statement in [
        "insert into plans (plan_id, owner_id, name, start_date, end_date, status, workout_count, version, created_at,
                            updated_at)
         select gen_random_uuid(), case when n % 2 = 0 then $1 else $2 end, 'plan', date '2000-01-01' + n,
                date '2000-03-01' + n, 'completed', 0, 1, now(), now()
           from generate_series(1, 4000) n",
        "insert into workouts (workout_id, plan_id, owner_id, name, workout_type, scheduled_date, status, version,
                               created_at, updated_at)
         select gen_random_uuid(), case when plan = 40 then $2 else plan_id end, $1, 'workout ' || n % 7, 'easy_run',
                date '2015-01-01' + plan * 100 + n, 'planned', 1, now(), now()
           from (select plan, gen_random_uuid() as plan_id from generate_series(1, 50) plan) plans,
                generate_series(1, 100) n",
        "insert into workouts (workout_id, plan_id, owner_id, name, workout_type, scheduled_date, status, version,
                               created_at, updated_at)
         select gen_random_uuid(), gen_random_uuid(), $2, 'workout', 'easy_run', date '2015-01-01' + n, 'planned', 1,
                now(), now()
           from generate_series(1, 5000) n where $1 <> $2",
        "insert into runs (run_id, owner_id, plan_id, workout_id, actual_date, started_at, distance_m, duration_s,
                           is_race, source, version, created_at, updated_at)
         select gen_random_uuid(), case when n % 2 = 0 then $1 else $2 end,
                case when n between 8000 and 8100 then $2 when n % 2 = 0 then gen_random_uuid() end,
                case when n % 2 = 0 then gen_random_uuid() end, date '2000-01-01' + n / 2,
                case when n % 3 = 0 then timestamptz '2000-01-01' + n * interval '12 hours' end, 10000, 3000, false,
                'manual', 1, now(), now()
           from generate_series(1, 10000) n",
    ] {
        sqlx::query(statement).bind(runner.id).bind(plan).execute(pool).await.expect("inserted");
    }
    sqlx::raw_sql("analyze").execute(pool).await.expect("analyzed");
}

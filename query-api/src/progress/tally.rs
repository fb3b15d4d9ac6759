use chrono::NaiveDate;
use domain::plan::WorkoutStatus;
use domain::{OwnerId, PlanId};
use service::Problem;
use sqlx::PgPool;

use crate::workouts;

/// What a plan asks for and what was run for it, day by day. Rest days are left out.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) start_date: NaiveDate,
    pub(super) end_date: NaiveDate,
    pub(super) planned: Vec<PlannedDay>,
    pub(super) run: Vec<RunDay>,
}

/// The workouts of one day, or without a day, that stand alike.
#[derive(Debug)]
pub(super) struct PlannedDay {
    pub(super) scheduled_date: Option<NaiveDate>,
    pub(super) status: WorkoutStatus,
    pub(super) workouts: i64,
    pub(super) distance_m: i64,
}

/// The runs of one day that fulfil workouts of the plan.
#[derive(Debug)]
pub(super) struct RunDay {
    pub(super) actual_date: NaiveDate,
    pub(super) distance_m: i64,
}

impl Tally {
    /// Of a user's plan; 404 when it is not the user's.
    pub(super) async fn of(pool: &PgPool, owner: OwnerId, plan: PlanId) -> Result<Self, Problem> {
        let rows = sqlx::query!(
            r#"select plans.start_date, plans.end_date, workouts.scheduled_date as "scheduled_date?",
                      workouts.status as "status?", count(workouts.workout_id) as "workouts!",
                      coalesce(sum(workouts.distance_m), 0)::bigint as "distance_m!"
                 from plans
                 left join workouts on workouts.plan_id = plans.plan_id and workouts.workout_type <> 'rest'
                where plans.plan_id = $1 and plans.owner_id = $2
                group by plans.start_date, plans.end_date, workouts.scheduled_date, workouts.status"#,
            plan.0,
            owner.0,
        )
        .fetch_all(pool)
        .await?;
        let (start_date, end_date) = rows
            .first()
            .map(|row| (row.start_date, row.end_date))
            .ok_or_else(|| Problem::not_found("plan"))?;
        let mut planned = Vec::with_capacity(rows.len());
        for row in rows {
            // A plan without workouts has one row, without a status.
            if let Some(word) = row.status {
                planned.push(PlannedDay {
                    scheduled_date: row.scheduled_date,
                    status: workouts::status(&word)?,
                    workouts: row.workouts,
                    distance_m: row.distance_m,
                });
            }
        }
        let run = sqlx::query_as!(
            RunDay,
            r#"select actual_date, sum(distance_m)::bigint as "distance_m!"
                 from runs
                where plan_id = $1 and owner_id = $2
                group by actual_date"#,
            plan.0,
            owner.0,
        )
        .fetch_all(pool)
        .await?;
        Ok(Self { start_date, end_date, planned, run })
    }
}

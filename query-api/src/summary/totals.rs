use chrono::NaiveDate;
use domain::OwnerId;
use sqlx::PgPool;

use crate::day_range::DayRange;

/// What the runs of each week and month add up to, and the longest of all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// ISO weeks with a run, oldest first.
    pub(super) weeks: Vec<PeriodTotals>,
    /// Calendar months with a run, oldest first.
    pub(super) months: Vec<PeriodTotals>,
    /// The longest run's distance, 0 without a run.
    pub(super) longest_run_m: i64,
}

/// What the runs of one week or month add up to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PeriodTotals {
    pub(super) start_date: NaiveDate,
    pub(super) runs: i64,
    pub(super) distance_m: i64,
    pub(super) duration_s: i64,
    pub(super) elevation_gain_m: i64,
}

/// A week's totals, a month's, or, with neither, those of everything.
struct TotalsRow {
    week: Option<NaiveDate>,
    month: Option<NaiveDate>,
    runs: i64,
    distance_m: i64,
    duration_s: i64,
    elevation_gain_m: i64,
    longest_run_m: Option<i64>,
}

impl Totals {
    /// Of every run, from the sums that the projection keeps. One statement: no run comes in between.
    pub(super) async fn of_all_runs(pool: &PgPool, owner: OwnerId) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query_as!(
            TotalsRow,
            r#"select start_date as "week?", null::date as "month?", runs as "runs!", distance_m as "distance_m!",
                      duration_s as "duration_s!", elevation_gain_m as "elevation_gain_m!",
                      null::bigint as "longest_run_m?"
                 from weekly_totals
                where owner_id = $1
                union all
               select null, start_date, runs, distance_m, duration_s, elevation_gain_m, null
                 from monthly_totals
                where owner_id = $1
                union all
               select null, null, 0, 0, 0, 0, max(distance_m)
                 from runs
                where owner_id = $1
                order by 1, 2"#,
            owner.0,
        )
        .fetch_all(pool)
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Of the runs of some days, from the runs.
    pub(super) async fn of_days(
        pool: &PgPool,
        owner: OwnerId,
        days: DayRange,
    ) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query_as!(
            TotalsRow,
            r#"select week as "week?", month as "month?", count(*) as "runs!",
                      coalesce(sum(distance_m), 0)::bigint as "distance_m!",
                      coalesce(sum(duration_s), 0)::bigint as "duration_s!",
                      coalesce(sum(elevation_gain_m), 0)::bigint as "elevation_gain_m!",
                      max(distance_m) as "longest_run_m?"
                 from (select actual_date - (extract(isodow from actual_date)::int - 1) as week,
                              actual_date - (extract(day from actual_date)::int - 1) as month,
                              distance_m, duration_s, elevation_gain_m
                         from runs
                        where owner_id = $1
                          and actual_date >= coalesce($2::date, '-infinity')
                          and actual_date <= coalesce($3::date, 'infinity')) as run
                group by grouping sets ((week), (month), ())
                order by 1, 2"#,
            owner.0,
            days.from,
            days.to,
        )
        .fetch_all(pool)
        .await?;
        Ok(rows.into_iter().collect())
    }
}

impl FromIterator<TotalsRow> for Totals {
    fn from_iter<I: IntoIterator<Item = TotalsRow>>(rows: I) -> Self {
        let mut totals = Self::default();
        for row in rows {
            match (row.week, row.month) {
                (Some(monday), _) => totals.weeks.push(row.starting(monday)),
                (None, Some(first)) => totals.months.push(row.starting(first)),
                (None, None) => totals.longest_run_m = row.longest_run_m.unwrap_or_default(),
            }
        }
        totals
    }
}

impl TotalsRow {
    fn starting(self, start_date: NaiveDate) -> PeriodTotals {
        let Self { runs, distance_m, duration_s, elevation_gain_m, .. } = self;
        PeriodTotals { start_date, runs, distance_m, duration_s, elevation_gain_m }
    }
}

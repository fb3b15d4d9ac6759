use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::row::RunRow;

/// An owner and the first day of a week or month.
pub(crate) type Period = (Uuid, NaiveDate);

/// What one run counts for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Share {
    owner_id: Uuid,
    day: NaiveDate,
    sums: Sums,
}

/// Sums, or changes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, FromRow)]
pub(crate) struct Sums {
    pub(super) runs: i64,
    pub(super) distance_m: i64,
    pub(super) duration_s: i64,
    pub(super) elevation_gain_m: i64,
}

impl Share {
    pub(super) fn of(row: &RunRow) -> Self {
        let sums = Sums {
            runs: 1,
            distance_m: row.distance_m,
            duration_s: row.duration_s,
            elevation_gain_m: row.elevation_gain_m.unwrap_or(0),
        };
        Self { owner_id: row.owner_id, day: row.actual_date, sums }
    }
}

impl Sums {
    fn add(&mut self, other: &Self, sign: i64) {
        self.runs += sign * other.runs;
        self.distance_m += sign * other.distance_m;
        self.duration_s += sign * other.duration_s;
        self.elevation_gain_m += sign * other.elevation_gain_m;
    }
}

/// How a batch changes the totals.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) weeks: BTreeMap<Period, Sums>,
    pub(crate) months: BTreeMap<Period, Sums>,
}

impl Totals {
    /// Takes out what a run counted for before, and adds what it counts for after.
    pub(super) fn change(&mut self, before: Option<&Share>, after: Option<&Share>) {
        if before == after {
            return;
        }
        for (share, sign) in [(before, -1), (after, 1)] {
            let Some(share) = share else { continue };
            self.weeks
                .entry((share.owner_id, monday_of(share.day)))
                .or_default()
                .add(&share.sums, sign);
            self.months
                .entry((share.owner_id, first_of_month(share.day)))
                .or_default()
                .add(&share.sums, sign);
        }
    }
}

/// The Monday of a day's ISO week.
fn monday_of(day: NaiveDate) -> NaiveDate {
    // On the first days there are in any calendar there may be none; Postgres does not take those days.
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.day0()))
}

/// The weeks and months that have no run left after a batch.
#[derive(Debug, Default)]
pub(super) struct Emptied {
    pub(super) weeks: Vec<Period>,
    pub(super) months: Vec<Period>,
}

/// Looks up what remains where a batch takes runs away; most batches take none, and ask nothing.
pub(super) async fn emptied(
    connection: &mut PgConnection,
    totals: &Totals,
) -> sqlx::Result<Emptied> {
    let mut emptied = Emptied::default();
    let (owners, days) = shrinking(&totals.weeks);
    if !owners.is_empty() {
        let rows = sqlx::query!(
            "select t.owner_id, t.start_date, t.runs
               from unnest($1::uuid[], $2::date[]) k(owner_id, start_date)
               join weekly_totals t on t.owner_id = k.owner_id and t.start_date = k.start_date",
            &owners,
            &days,
        )
        .fetch_all(&mut *connection)
        .await?;
        let left = rows.into_iter().map(|row| ((row.owner_id, row.start_date), row.runs));
        emptied.weeks = without_runs(left, &totals.weeks);
    }
    let (owners, days) = shrinking(&totals.months);
    if !owners.is_empty() {
        let rows = sqlx::query!(
            "select t.owner_id, t.start_date, t.runs
               from unnest($1::uuid[], $2::date[]) k(owner_id, start_date)
               join monthly_totals t on t.owner_id = k.owner_id and t.start_date = k.start_date",
            &owners,
            &days,
        )
        .fetch_all(&mut *connection)
        .await?;
        let left = rows.into_iter().map(|row| ((row.owner_id, row.start_date), row.runs));
        emptied.months = without_runs(left, &totals.months);
    }
    Ok(emptied)
}

fn shrinking(changes: &BTreeMap<Period, Sums>) -> (Vec<Uuid>, Vec<NaiveDate>) {
    changes.iter().filter(|(_, sums)| sums.runs < 0).map(|(period, _)| *period).unzip()
}

fn without_runs(
    rows: impl Iterator<Item = (Period, i64)>,
    changes: &BTreeMap<Period, Sums>,
) -> Vec<Period> {
    rows.filter(|(period, runs)| changes.get(period).is_some_and(|sums| runs + sums.runs == 0))
        .map(|(period, _)| period)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_and_a_month_on_its_first() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        assert_eq!(monday_of(day(2024, 12, 31)), day(2024, 12, 30));
        assert_eq!(monday_of(day(2025, 1, 5)), day(2024, 12, 30));
        assert_eq!(monday_of(day(2025, 1, 6)), day(2025, 1, 6));
        assert_eq!(first_of_month(day(2024, 2, 29)), day(2024, 2, 1));
    }
}

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::Projection;
use crate::exports::ExportRow;
use crate::generations::Differences;
use crate::plans::{PlanRow, WorkoutRow};
use crate::runs::{RunRow, Sums};

/// A row of a projection's table.
pub(super) trait Row:
    for<'a> FromRow<'a, PgRow> + PartialEq + Serialize + Send + Unpin
{
    /// What tells it apart, in the order that Postgres has.
    type Key: Ord + Send;

    fn key(&self) -> Self::Key;

    fn owner_id(&self) -> Uuid;
}

impl Row for PlanRow {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.plan_id
    }

    fn owner_id(&self) -> Uuid {
        self.owner_id
    }
}

impl Row for WorkoutRow {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.workout_id
    }

    fn owner_id(&self) -> Uuid {
        self.owner_id
    }
}

impl Row for RunRow {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.run_id
    }

    fn owner_id(&self) -> Uuid {
        self.owner_id
    }
}

impl Row for ExportRow {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.pdf_id
    }

    fn owner_id(&self) -> Uuid {
        self.owner_id
    }
}

/// A row of `weekly_totals` or `monthly_totals`.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub(super) struct Total {
    owner_id: Uuid,
    start_date: NaiveDate,
    #[sqlx(flatten)]
    #[serde(flatten)]
    sums: Sums,
}

impl Total {
    /// Those of periods that have runs.
    pub(super) fn all(sums: BTreeMap<(Uuid, NaiveDate), Sums>) -> impl Iterator<Item = Self> {
        sums.into_iter()
            .filter(|(_, sums)| *sums != Sums::default())
            .map(|((owner_id, start_date), sums)| Self { owner_id, start_date, sums })
    }
}

impl Row for Total {
    type Key = (Uuid, NaiveDate);

    fn key(&self) -> Self::Key {
        (self.owner_id, self.start_date)
    }

    fn owner_id(&self) -> Uuid {
        self.owner_id
    }
}

/// The rows that are there: of some owners, or of everybody, but for those who are leaving.
pub(super) struct Stored<'a> {
    pub(super) owners: Option<&'a [Uuid]>,
    pub(super) leaving: &'a HashSet<Uuid>,
    pub(super) snapshot: &'a mut PgConnection,
}

impl Stored<'_> {
    /// Compares the rows of a table with those that should be there, both in the order of their keys.
    pub(super) async fn compare<R: Row>(
        &mut self,
        table: &'static str,
        expected: impl Iterator<Item = R>,
        differences: &mut Differences,
    ) -> sqlx::Result<()> {
        let mut expected = expected.peekable();
        let key = Projection::key_of(table);
        // Names of our own.
        let ordered = key.join(", ");
        let statement = match self.owners {
            // Sorted afterwards: in the order of an index all rows would be looked at, one by one. Owners in a
            // relation are found by hash; in an array, each row would be compared with thousands.
            Some(_) => format!(
                "with theirs as materialized (
                     select * from public.{table} where owner_id in (select unnest($1::uuid[]))
                 )
                 select * from theirs order by {ordered}"
            ),
            None => format!("select * from public.{table} order by {ordered}"),
        };
        let query = sqlx::query_as::<_, R>(&statement);
        let query = match self.owners {
            Some(owners) => query.bind(owners),
            None => query,
        };
        let mut compared = 0;
        let mut rows = query.fetch(&mut *self.snapshot);
        while let Some(stored) = rows.try_next().await? {
            if self.leaving.contains(&stored.owner_id()) {
                continue;
            }
            compared += 1;
            let here = stored.key();
            while let Some(missing) = expected.next_if(|expected| expected.key() < here) {
                differences.add(table, key, None, Some(json(&missing)));
            }
            match expected.next_if(|expected| expected.key() == here) {
                Some(expected) if expected == stored => {}
                expected => {
                    differences.add(table, key, Some(json(&stored)), expected.as_ref().map(json));
                }
            }
        }
        differences.compared(table, compared);
        for missing in expected {
            differences.add(table, key, None, Some(json(&missing)));
        }
        Ok(())
    }
}

fn json(row: &impl Serialize) -> Value {
    // Names, numbers, dates and texts: there is nothing in a row that JSON cannot hold.
    serde_json::to_value(row).unwrap_or_default()
}

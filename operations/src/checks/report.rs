//! What comparisons and verifications have found, as it is answered and kept.

use std::collections::BTreeMap;
use std::mem;

use projector::{
    Check, Differences, Found, Projection, ProjectorError, RebuildProgress, diff, verify,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;
use utoipa::ToSchema;

/// What a check finds.
pub(crate) trait Report: Serialize + DeserializeOwned + ToSchema + Send + 'static {
    /// Which check.
    const CHECK: Check;

    /// Makes it. Says how many events were folded, of about how many.
    fn make(
        projection: Projection,
        pool: PgPool,
        examples: usize,
        on_progress: impl FnMut(i64, i64) + Send + 'static,
    ) -> impl Future<Output = Result<Self, ProjectorError>> + Send;

    fn differences(&mut self) -> &mut DifferenceReport;

    /// As it is kept: rows apart from the rest.
    fn found(&mut self) -> serde_json::Result<Found> {
        let first = mem::take(&mut self.differences().first);
        let report = serde_json::to_value(&*self);
        let rows = serde_json::to_value(&first);
        self.differences().first = first;
        Ok(Found { report: report?, rows: Some(rows?) })
    }

    /// Of what was kept.
    fn of(found: Found) -> serde_json::Result<Self> {
        let mut report: Self = serde_json::from_value(found.report)?;
        report.differences().first =
            found.rows.map(serde_json::from_value).transpose()?.unwrap_or_default();
        Ok(report)
    }
}

/// Where rows differ. What is in them is the runners': only the columns are named.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DifferenceReport {
    /// How many rows were compared, by table.
    rows: BTreeMap<String, u64>,
    /// How many differ, by table; empty when all are equal.
    differing: BTreeMap<String, u64>,
    /// The first of them. They are not kept once somebody is erased: then none is named to whoever asks later.
    first: Vec<DifferingRow>,
}

/// A row that differs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DifferingRow {
    /// Its table.
    table: String,
    /// The columns that tell rows apart, with their values.
    key: Value,
    /// `differs`, `missing` when only the other side has it, `surplus` when only the rows that serve have it.
    how: String,
    /// The columns that differ.
    columns: Vec<String>,
}

impl From<Differences> for DifferenceReport {
    fn from(differences: Differences) -> Self {
        let first = differences.first.into_iter().map(|row| {
            let (how, columns) = match (&row.found, &row.compared) {
                (Some(Value::Object(found)), Some(_)) => {
                    ("differs", found.keys().cloned().collect())
                }
                (Some(_), _) => ("surplus", Vec::new()),
                (None, _) => ("missing", Vec::new()),
            };
            DifferingRow { table: row.table.to_owned(), key: row.key, how: how.to_owned(), columns }
        });
        let by_table = |counts: BTreeMap<&'static str, u64>| {
            counts.into_iter().map(|(table, count)| (table.to_owned(), count)).collect()
        };
        Self {
            first: first.collect(),
            rows: by_table(differences.rows),
            differing: by_table(differences.differing),
        }
    }
}

/// How the rows that serve compare with others.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DiffReport {
    /// `next` or `previous`: what they are compared with.
    with: String,
    /// The version of the program that made the rows that serve.
    live_version: i32,
    /// Where they are.
    live_position: i64,
    /// The version of the program that made the others.
    version: i32,
    /// Where those are.
    position: i64,
    /// What differs.
    differences: DifferenceReport,
}

impl Report for DiffReport {
    const CHECK: Check = Check::Diff;

    async fn make(
        projection: Projection,
        pool: PgPool,
        examples: usize,
        mut on_progress: impl FnMut(i64, i64) + Send + 'static,
    ) -> Result<Self, ProjectorError> {
        let mut say = |RebuildProgress { from, position, head, .. }: RebuildProgress| {
            on_progress(position - from, head - from);
        };
        let diff = diff(projection, &pool, examples, &mut say).await?;
        Ok(Self {
            with: diff.with.to_owned(),
            live_version: diff.live_version,
            live_position: diff.live_position,
            version: diff.version,
            position: diff.position,
            differences: diff.differences.into(),
        })
    }

    fn differences(&mut self) -> &mut DifferenceReport {
        &mut self.differences
    }
}

/// Whether rows are what the events say.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct VerifyReport {
    /// Whether they are.
    clean: bool,
    /// Where the rows are: every event up to and with this one was folded.
    position: i64,
    /// How many events were folded.
    events: u64,
    /// Positions of events that cannot be read, though their streams are not parked.
    unreadable: Vec<i64>,
    /// What differs.
    differences: DifferenceReport,
}

impl Report for VerifyReport {
    const CHECK: Check = Check::Verify;

    async fn make(
        projection: Projection,
        pool: PgPool,
        examples: usize,
        mut on_progress: impl FnMut(i64, i64) + Send + 'static,
    ) -> Result<Self, ProjectorError> {
        let say = |done: u64, of: u64| on_progress(done.cast_signed(), of.cast_signed());
        let verified = verify(projection, &pool, examples, say).await?;
        Ok(Self {
            clean: verified.is_clean(),
            position: verified.position,
            events: verified.events,
            unreadable: verified.unreadable,
            differences: verified.differences.into(),
        })
    }

    fn differences(&mut self) -> &mut DifferenceReport {
        &mut self.differences
    }
}

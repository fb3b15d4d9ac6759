use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use command_api::transactions::RequestExport;
use domain::plan_export::{ExportOptions, PrintOptions, Template};
use domain::{ExportId, OwnerId, PlanId};
use event_store::{CommandContext, EventStore};
use serde_json::{Map, Value};
use sqlx::PgPool;
use tokio::time::sleep;
use uuid::Uuid;

use super::super::machine::peak_mb;
use super::super::program::serve;
use super::super::report::row;
use super::super::rig::Rig;
use super::plan;
use crate::role::Role;

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// PDFs that wait before anybody prints.
pub(super) struct Queue {
    pub(super) exports: usize,
    pub(super) runners: usize,
}

impl Queue {
    /// Lets a `serve pdf` of its own print them all, and says how long it took, how much memory that took, and how fair it
    /// was.
    pub(super) async fn work_off(
        &self,
        rig: &Rig,
        store: &EventStore,
    ) -> anyhow::Result<Map<String, Value>> {
        let mut asked: BTreeMap<OwnerId, Vec<ExportId>> = BTreeMap::new();
        let mut plans = Vec::new();
        for _ in 0..self.runners {
            let owner = OwnerId(Uuid::now_v7());
            plans.push((owner, plan::import(store, owner).await?));
        }
        for (owner, plan_id) in plans.iter().cycle().take(self.exports) {
            asked.entry(*owner).or_default().push(ask(store, *owner, *plan_id).await?);
        }
        let folder = tempfile::tempdir()?;
        let mut worker = serve(rig, Role::Pdf, folder.path())?;
        let began = Instant::now();
        while rendered(store.pool()).await?.len() < self.exports {
            ensure!(began.elapsed() < PATIENCE, "not all PDFs are ready after {PATIENCE:?}");
            ensure!(worker.try_wait()?.is_none(), "the worker has ended");
            sleep(Duration::from_millis(100)).await;
        }
        let seconds = began.elapsed().as_secs_f64();
        let peak_mb = worker.id().and_then(peak_mb);
        worker.kill().await?;
        let ready = rendered(store.pool()).await?;
        let in_order = asked.iter().all(|(owner, theirs)| {
            ready.iter().filter(|(of, _)| of == owner).map(|(_, pdf_id)| pdf_id).eq(theirs)
        });
        Ok(row! {
            "queued_at_once": self.exports,
            "of_runners": self.runners,
            "seconds_until_all_are_ready": seconds,
            "each_runners_in_order": in_order,
            "one_runner_was_ahead_of_another_by": lead(&ready, asked.keys()),
            "peak_mb_of_the_process": peak_mb,
        })
    }
}

async fn ask(store: &EventStore, owner: OwnerId, plan_id: PlanId) -> anyhow::Result<ExportId> {
    let options = ExportOptions::of(PrintOptions::new(Template::weekly()), None);
    let pdf_id = ExportId(Uuid::now_v7());
    let request = RequestExport { pdf_id, plan_id, options, mail_to: None };
    store.execute(&CommandContext::new(owner, "bench"), &request).await?;
    Ok(pdf_id)
}

/// What is ready, in the order in which it became so.
async fn rendered(pool: &PgPool) -> sqlx::Result<Vec<(OwnerId, ExportId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select owner_id, aggregate_id::uuid from es.events where event_type = 'plan_export.rendered' order by position",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(owner, pdf_id)| (OwnerId(owner), ExportId(pdf_id))).collect())
}

/// By how many PDFs the runner who had got most was ahead of the one who had got least, at worst.
fn lead<'a>(
    ready: &[(OwnerId, ExportId)],
    runners: impl Iterator<Item = &'a OwnerId>,
) -> Option<usize> {
    let mut got: BTreeMap<_, usize> = runners.map(|runner| (*runner, 0)).collect();
    let leads = ready.iter().filter_map(|(runner, _)| {
        *got.entry(*runner).or_default() += 1;
        Some(got.values().max()? - got.values().min()?)
    });
    leads.max()
}

//! A database of a test's own, where somebody prints.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::mail::SealingKey;
use chrono::{NaiveDate, TimeDelta};
use command_api::transactions::{CreatePlan, Precondition, RequestExport, RevisePlan, Unreadable};
use domain::plan::{PlanDetails, PlanRevision, ShiftWorkouts};
use domain::plan_export::{ExportOptions, PrintOptions, Template};
use domain::{ExportId, Name, OwnerId, PlanId};
use embedded::testing;
use event_store::{CommandContext, EventStore, StoreConfig, read_stream};
use futures::TryStreamExt;
use pdf::{MailWith, Pace, Printer, Render};
use pdf_storage::{FileKey, Files};
use projector::Projection;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use typesetting::{PlanDocument, RenderError, Rendered};
use uuid::Uuid;

/// Longer than anything takes here on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) fn pace() -> Pace {
    Pace {
        at_once: NonZeroUsize::new(2).unwrap(),
        rendered_within: Duration::from_secs(60),
        max_attempts: 3,
        first_delay: Duration::from_millis(20),
        longest_delay: Duration::from_millis(100),
        poll: Duration::from_millis(20),
        upkeep: Duration::from_millis(50),
        ..Pace::default()
    }
}

pub(crate) struct Office {
    pub(crate) pool: PgPool,
    pub(crate) store: EventStore,
    pub(crate) files: Files,
    pub(crate) kept_for: TimeDelta,
    folder: TempDir,
    client: async_nats::Client,
    /// The names of the plans that were printed, in this order.
    pub(crate) printed: Arc<Mutex<Vec<String>>>,
}

/// What somebody may look at from outside.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) status: String,
    pub(crate) pages: Option<i64>,
    pub(crate) size_bytes: Option<i64>,
    pub(crate) sha256: Option<String>,
    pub(crate) error: Option<String>,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let url = testing::shared().database().await;
        let pool = PgPoolOptions::new().max_connections(12).connect(&url).await.unwrap();
        sqlx::migrate!("../../migrations").run(&pool).await.unwrap();
        let store = EventStore::new(pool.clone(), StoreConfig::default());
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).unwrap();
        // To nobody: printing must do without NATS.
        let client = nats::connect("nats://127.0.0.1:1", "test").await.unwrap();
        let (kept_for, printed) = (TimeDelta::days(30), Arc::default());
        Self { pool, store, files, kept_for, folder, client, printed }
    }

    /// A new plan of somebody's.
    pub(crate) async fn plan(&self, owner: OwnerId, name: &str) -> PlanId {
        let plan_id = PlanId(Uuid::now_v7());
        let day = |day| NaiveDate::from_ymd_opt(2027, 3, day).unwrap();
        let details = PlanDetails {
            name: Name::parse(name).unwrap(),
            description: None,
            start_date: day(1),
            end_date: day(28),
            goal_race_date: None,
            goal_race_distance_m: None,
        };
        let create = CreatePlan { plan_id, details };
        self.store.execute(&CommandContext::new(owner, "test"), &create).await.unwrap();
        plan_id
    }

    pub(crate) async fn rename(&self, owner: OwnerId, plan_id: PlanId, name: &str) {
        let revise = RevisePlan {
            plan_id,
            precondition: Precondition::None,
            revision: PlanRevision {
                name: Some(Name::parse(name).unwrap()),
                ..PlanRevision::default()
            },
            shift_workouts: ShiftWorkouts::No,
            unreadable: Unreadable::default(),
        };
        self.store.execute(&CommandContext::new(owner, "test"), &revise).await.unwrap();
    }

    pub(crate) async fn ask(&self, owner: OwnerId, plan_id: PlanId) -> ExportId {
        self.ask_with(owner, plan_id, None, None).await
    }

    pub(crate) async fn ask_with(
        &self,
        owner: OwnerId,
        plan_id: PlanId,
        logo_sha256: Option<String>,
        mail_to: Option<OwnerId>,
    ) -> ExportId {
        let options = ExportOptions::of(PrintOptions::new(Template::weekly()), logo_sha256);
        let pdf_id = ExportId(Uuid::now_v7());
        let request = RequestExport { pdf_id, plan_id, options, mail_to };
        self.store.execute(&CommandContext::new(owner, "test"), &request).await.unwrap();
        pdf_id
    }

    /// Somebody who prints names of plans.
    pub(crate) fn printer(&self) -> Printer {
        let printed = Arc::clone(&self.printed);
        self.printer_that(move |document, _| {
            printed.lock().unwrap().push(document.plan.name.clone());
            Ok(page(document))
        })
    }

    pub(crate) fn printer_that(
        &self,
        render: impl Fn(&PlanDocument, &PrintOptions) -> Result<Rendered, RenderError>
        + Send
        + Sync
        + 'static,
    ) -> Printer {
        let render: Render = Arc::new(render);
        Printer {
            store: self.store.clone(),
            files: self.files.clone(),
            render,
            mail: MailWith { key: SealingKey::new([42; 32]) },
            public_url: "https://trainer.example".parse().unwrap(),
            kept_for: self.kept_for,
            pace: pace(),
        }
    }

    /// Prints, and keeps the rows up to date.
    pub(crate) fn start(&self, printer: Printer) -> Working {
        let shutdown = CancellationToken::new();
        let appended = Some(self.store.appended());
        let printing = pdf::run(printer, self.client.clone(), appended.clone(), shutdown.clone());
        let projecting = projector::follow(
            Projection::Exports,
            self.pool.clone(),
            self.client.clone(),
            appended,
            Arc::new(|_, _, _| {}),
            shutdown.clone(),
        );
        Working { shutdown, tasks: vec![tokio::spawn(printing), tokio::spawn(projecting)] }
    }

    pub(crate) async fn row(&self, pdf_id: ExportId) -> Option<Row> {
        sqlx::query_as(
            "select status, pages, size_bytes, sha256, error from plan_exports where pdf_id = $1",
        )
        .bind(pdf_id.0)
        .fetch_optional(&self.pool)
        .await
        .unwrap()
    }

    /// Waits until an export stands so.
    pub(crate) async fn until(&self, pdf_id: ExportId, status: &str) -> Row {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let row = self.row(pdf_id).await;
            if let Some(row) = row.as_ref().filter(|row| row.status == status) {
                return row.clone();
            }
            assert!(Instant::now() < deadline, "it is not {status}, but {row:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until nothing is to be done.
    pub(crate) async fn until_idle(&self) {
        let head = event_store::head(&self.pool).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (jobs, taken_in): (i64, bool) = sqlx::query_as(
                "select (select count(*) from pdf.jobs),
                        not exists (select from es.events e, pdf.intake i
                                     where e.position > i.position and e.event_type = 'plan_export.requested')",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            if jobs == 0 && taken_in {
                return;
            }
            assert!(Instant::now() < deadline, "{jobs} jobs are left, {taken_in} {head}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// The types of an export's events.
    pub(crate) async fn story(&self, pdf_id: ExportId) -> Vec<String> {
        let events = read_stream(&self.pool, "plan_export", pdf_id.0).await.unwrap();
        events.iter().map(|event| event.event_type().to_owned()).collect()
    }

    pub(crate) async fn stored(&self) -> BTreeSet<String> {
        let files: Vec<_> = self.files.list().try_collect().await.unwrap();
        files.into_iter().map(|file| file.key.unwrap().to_string()).collect()
    }

    pub(crate) fn key(owner_id: OwnerId, pdf_id: ExportId, row: &Row) -> FileKey {
        FileKey { owner_id, pdf_id, sha256: row.sha256.clone().unwrap() }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// One page with the name of a plan.
pub(crate) fn page(document: &PlanDocument) -> Rendered {
    let pdf = format!("%PDF {}", document.plan.name).into_bytes();
    Rendered { pdf, pages: 1, accessible: true }
}

pub(crate) fn somebody() -> OwnerId {
    OwnerId(Uuid::now_v7())
}

/// Somebody at work.
pub(crate) struct Working {
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Working {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
        }
    }
}

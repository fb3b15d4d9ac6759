use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use cqrs_es::{Aggregate, DomainEvent};
use domain::run::{Run, RunCommand, RunError};
use domain::{Decider, OwnerId, Part};
use event_store::{
    CommandContext, EventStore, ExecuteError, Loaded, Refused, StoreConfig, StoreError,
    Transaction, Work,
};
use futures::future::try_join_all;
use postgres_es::PostgresCqrs;
use sqlx::PgPool;
use uuid::Uuid;

use super::machine::Machine;
use super::report::{Report, row};
use super::rig::Rig;
use super::stats::{Latencies, median};
use super::story;
use crate::config::ServerConfig;

/// Options of `bench append`.
#[derive(Debug, Args)]
pub(crate) struct AppendArgs {
    /// How many callers wait for their append at the same time, a list.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 128, 512])]
    callers: Vec<usize>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How often each figure is taken; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(super) async fn run(args: &AppendArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let bench = Bench::prepare(&rig).await?;
    let mut rows = Vec::new();
    for &callers in &args.callers {
        let (mut ours, mut stock, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ours_p99, mut stock_p99) = (Latencies::default(), Latencies::default());
        // In turn, so that a machine that gets slower or faster does so for all three.
        for _ in 0..args.rounds {
            let run =
                async |way: Way| bench.drive(way, callers, Duration::from_secs(args.seconds)).await;
            let (rate, latencies) = run(Way::Group).await?;
            ours.push(rate);
            ours_p99.merge(latencies);
            let (rate, latencies) = run(Way::Stock).await?;
            stock.push(rate);
            stock_p99.merge(latencies);
            plain.push(run(Way::Plain).await?.0);
        }
        let (ours, stock, plain) = (median(ours), median(stock), median(plain));
        rows.push(row! {
            "callers": callers,
            "group_append_per_s": ours.round(),
            "postgres_es_per_s": stock.round(),
            "plain_insert_per_s": plain.round(),
            "ratio_to_postgres_es": ours / stock,
            "group_append_p99_ms": ours_p99.quantile_ms(0.99),
            "postgres_es_p99_ms": stock_p99.quantile_ms(0.99),
        });
    }
    let machine = Machine::look(&bench.pool, None).await?;
    rig.stop().await?;
    let settings = row! {
        "seconds": args.seconds,
        "rounds": args.rounds,
        "postgres_es_pool": STOCK_POOL,
        "command": "record a run: decide, append one event, with command id and metadata",
    };
    Ok(Report { bench: "append", rows, settings, machine })
}

const STOCK_POOL: u32 = 16;

#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// Our store.
    Group,
    /// `postgres-es` as it comes.
    Stock,
    /// One INSERT of the same row into a table like ours.
    Plain,
}

pub(super) struct Bench {
    pool: PgPool,
    store: EventStore,
    stock: Arc<PostgresCqrs<Run>>,
    plain_position: AtomicI64,
    owner: OwnerId,
    number: AtomicU64,
}

impl Bench {
    pub(super) async fn prepare(rig: &Rig) -> anyhow::Result<Self> {
        let pool = rig.pool(64).await?;
        sqlx::raw_sql(
            "create schema bench;
             create table bench.plain (like es.events including all);
             create table events (
                 aggregate_type text not null, aggregate_id text not null,
                 sequence bigint check (sequence >= 0) not null, event_type text not null,
                 event_version text not null, payload json not null, metadata json not null,
                 primary key (aggregate_type, aggregate_id, sequence));",
        )
        .execute(&pool)
        .await?;
        let stock_pool = rig.pool(STOCK_POOL).await?;
        Ok(Self {
            store: EventStore::new(pool.clone(), StoreConfig::default()),
            stock: Arc::new(postgres_es::postgres_cqrs(stock_pool, vec![], ())),
            plain_position: AtomicI64::new(0),
            owner: OwnerId(Uuid::now_v7()),
            number: AtomicU64::new(0),
            pool,
        })
    }

    pub(super) async fn drive(
        &self,
        way: Way,
        callers: usize,
        time: Duration,
    ) -> anyhow::Result<(f64, Latencies)> {
        let started = Instant::now();
        let end = started + time;
        let callers = (0..callers).map(|_| async move {
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                let begun = Instant::now();
                self.append(way).await?;
                latencies.add(begun.elapsed());
            }
            anyhow::Ok(latencies)
        });
        let mut all = Latencies::default();
        for latencies in try_join_all(callers).await? {
            all.merge(latencies);
        }
        Ok((all.count() as f64 / started.elapsed().as_secs_f64(), all))
    }

    async fn append(&self, way: Way) -> anyhow::Result<()> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let command = story::run(self.owner, number)
            .map_err(|violation| anyhow::anyhow!(violation.message))?;
        match way {
            Way::Group => {
                let context = CommandContext::new(self.owner, "bench");
                self.store.execute(&context, &Record(command)).await.map_err(
                    |error| match error {
                        ExecuteError::Refused(refused) => anyhow::Error::from(refused),
                        error @ (ExecuteError::Contended
                        | ExecuteError::KeyReused
                        | ExecuteError::Store(_)) => {
                            anyhow::anyhow!("{error}")
                        }
                    },
                )?;
            }
            Way::Stock => {
                let id = command.run_id.to_string();
                self.stock.execute(&id, RunCommand::Record(command)).await?;
            }
            Way::Plain => self.insert(command).await?,
        }
        Ok(())
    }

    async fn insert(&self, command: domain::run::RecordRun) -> anyhow::Result<()> {
        let position = self.plain_position.fetch_add(1, Ordering::Relaxed) + 1;
        let id = command.run_id.to_string();
        let events = Run::default().decide(RunCommand::Record(command))?;
        for event in events {
            sqlx::query(
                "insert into bench.plain (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                          payload, metadata, owner_id, part, event_id, recorded_at)
                 values ($1, $2, $3, 1, $4, $5, $6::json, $7::json, $8, $9, $10, now())",
            )
            .bind(position)
            .bind(Run::TYPE)
            .bind(&id)
            .bind(event.event_type())
            .bind(event.event_version())
            .bind(serde_json::to_value(&event)?)
            .bind(serde_json::json!({"actor_id": self.owner.to_string(), "source": "bench"}))
            .bind(self.owner.0)
            .bind(i16::from(Part::of(self.owner).number()))
            .bind(Uuid::now_v7())
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }
}

/// Records a run, as a command does.
struct Record(domain::run::RecordRun);

#[derive(Debug, thiserror::Error)]
enum RecordRefused {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Transaction for Record {
    type Output = ();
    type Refusal = RecordRefused;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<RecordRefused>> {
        let mut run: Loaded<Run> = work.begin(self.0.run_id.0);
        work.decide(&mut run, RunCommand::Record(self.0.clone())).map_err(Refused::Rule)
    }
}

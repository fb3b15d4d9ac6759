//! What the checks find where events are published after the commit, by whoever has appended them: stock
//! `postgres-es` with a query that publishes.

use std::env;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use chrono::Utc;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{CqrsFramework, EventEnvelope, Query};
use domain::run::{RecordRun, Run, RunCommand, RunDetails, Source};
use domain::{Distance, OwnerId, Part, RunId, Seconds};
use embedded::testing::TestServers;
use event_store::{head, read_stream};
use nats::{StreamSettings, ensure_stream, headers, subject};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::eventually;
use crate::history::faults_of_the_stream;

const WRITERS: usize = 32;
const KILLS: usize = 3;

/// How long until a program has written something, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_after_the_commit_loses_events_and_the_check_finds_them() {
    let servers = TestServers::start_own().await;
    let (database_url, nats_url) = (servers.database().await, servers.nats_url());
    let pool = PgPool::connect(&database_url).await.unwrap();
    sqlx::migrate!("../migrations").run(&pool).await.unwrap();
    // It knows nothing of our columns, and numbers events as its kind does.
    let owner = OwnerId(Uuid::nil());
    let defaults = format!(
        "create sequence es.position;
         alter table es.events
             alter position set default nextval('es.position'), alter owner_id set default '{owner}',
             alter part set default {}, alter event_id set default gen_random_uuid(),
             alter recorded_at set default now()",
        Part::of(owner).number(),
    );
    sqlx::raw_sql(&defaults).execute(&pool).await.unwrap();

    for _ in 0..KILLS {
        let mut program = program(&database_url, &nats_url);
        writes_something(&pool).await;
        program.kill().unwrap();
        program.wait().unwrap();
    }
    // Once more, and to an ordered end: whatever it would do about its past at a start, it has done.
    let mut program = program(&database_url, &nats_url);
    writes_something(&pool).await;
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());

    let faults = faults_of_the_stream(&pool, &nats_url).await;
    let count = |kind: &str| faults.iter().filter(|fault| fault.starts_with(kind)).count();
    let (lost, others) = (count("lost"), count("another") + count("never happened"));
    println!(
        "stock postgres-es, killed {KILLS} times: of {} events {lost} were never published, {} came out of order",
        events(&pool).await,
        count("out of order"),
    );
    assert!(lost > 0, "nothing was lost, or the check does not see it");
    assert_eq!(others, 0, "what was published is what was stored");
    assert_eq!(head(&pool).await.unwrap(), 0, "nothing of ours has written");
    pool.close().await;
    servers.servers().stop().await.unwrap();
}

/// This test program again, as one that can be killed.
fn program(database_url: &str, nats_url: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "stock::a_program_on_stock_postgres_es", "--ignored"])
        .env("TEST_DATABASE", database_url)
        .env("TEST_NATS", nats_url)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from es.events").fetch_one(pool).await.unwrap()
}

async fn writes_something(pool: &PgPool) {
    let enough = events(pool).await + 60;
    eventually("what a program writes", PATIENCE, async || {
        (events(pool).await >= enough).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process of its own"]
async fn a_program_on_stock_postgres_es() {
    let (Ok(database_url), Ok(nats_url)) = (env::var("TEST_DATABASE"), env::var("TEST_NATS"))
    else {
        return;
    };
    let options = PgPoolOptions::new().max_connections(WRITERS as u32);
    let pool = options.connect(&database_url).await.unwrap();
    let jetstream = jetstream::new(nats::connect(&nats_url, "stock").await.unwrap());
    ensure_stream(&jetstream, &StreamSettings::default()).await.unwrap();
    let repository =
        PostgresEventRepository::new(pool.clone()).with_tables("es.events", "es.snapshots");
    let store = PersistedEventStore::<_, Run>::new_event_store(repository);
    let publish = Publish { pool, jetstream };
    let stock = Arc::new(CqrsFramework::new(store, vec![Box::new(publish)], ()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (stock, stopped) = (Arc::clone(&stock), stopped.clone());
        writers.spawn(async move {
            while !*stopped.borrow() {
                let run_id = RunId(Uuid::now_v7());
                stock.execute(&run_id.to_string(), record(run_id)).await.unwrap();
            }
        });
    }
    // Until the test closes the pipe.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await
        .unwrap()
        .unwrap();
    stop.send_replace(true);
    writers.join_all().await;
}

/// Publishes what was committed, as the query's place in the framework suggests.
struct Publish {
    pool: PgPool,
    jetstream: Context,
}

impl Publish {
    async fn publish(&self, id: Uuid, sequences: RangeInclusive<i64>) {
        let mut events = read_stream(&self.pool, "run", id).await.unwrap();
        events.retain(|event| sequences.contains(&event.sequence));
        for event in events {
            let subject = subject(event.part, event.event_type());
            let sent =
                self.jetstream.publish_with_headers(subject, headers(&event, 0), event.payload);
            sent.await.unwrap().await.unwrap();
        }
    }
}

impl Query<Run> for Publish {
    // What `async_trait` makes of `async fn dispatch`.
    fn dispatch<'a, 'b, 'c, 'd>(
        &'a self,
        aggregate_id: &'b str,
        events: &'c [EventEnvelope<Run>],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(async move {
            let ends =
                [events.first(), events.last()].map(|end| end.map(|event| event.sequence as i64));
            if let [Some(first), Some(last)] = ends {
                self.publish(aggregate_id.parse().unwrap(), first..=last).await;
            }
        })
    }
}

fn record(run_id: RunId) -> RunCommand {
    let today = Utc::now().date_naive();
    RunCommand::Record(RecordRun {
        run_id,
        owner_id: OwnerId(Uuid::now_v7()),
        source: Source::Manual,
        external_id: None,
        details: RunDetails {
            actual_date: today,
            started_at: None,
            distance_m: Distance::from_km(8.0).unwrap(),
            duration_s: Seconds::from_seconds(2_400).unwrap(),
            average_heart_rate: None,
            max_heart_rate: None,
            elevation_gain_m: None,
            perceived_effort: None,
            is_race: false,
            notes: None,
        },
        today,
        duration_field: "duration_seconds",
    })
}

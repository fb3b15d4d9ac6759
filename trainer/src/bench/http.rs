use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use futures::future::try_join_all;
use serde_json::json;
use tokio::time::sleep_until;

use super::machine::{Machine, resident_mb};
use super::plain_insert::PlainInsert;
use super::report::{Report, row};
use super::rig::Rig;
use super::stack::Stack;
use super::stats::{Latencies, median};
use crate::config::ServerConfig;
use crate::http_client::HttpClient;

/// Options of `bench http`.
#[derive(Debug, Args)]
pub(crate) struct HttpArgs {
    /// Connections kept open, each with one request on its way.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each figure of the closed loop is taken; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Requests a second in the open loop: they are due at their time, whether or not earlier ones are answered.
    #[arg(long, default_value_t = 1_000)]
    rate: u64,
}

pub(super) async fn run(args: &HttpArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let stack = Stack::start(&rig, config).await?;
    let plain = PlainInsert::prepare(&rig, config).await?;
    let bench = Bench { stack, number: AtomicU64::new(0) };
    let time = Duration::from_secs(args.seconds);
    let (mut commands, mut queries, mut inserts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut command_latencies, mut query_latencies) = (Latencies::default(), Latencies::default());
    bench.closed(What::Command, args.connections, Duration::from_secs(1)).await?;
    for _ in 0..args.rounds {
        let (rate, latencies) = bench.closed(What::Command, args.connections, time).await?;
        commands.push(rate);
        command_latencies.merge(latencies);
        inserts.push(plain.per_second(args.connections, time).await?);
        let (rate, latencies) = bench.closed(What::Query, args.connections, time).await?;
        queries.push(rate);
        query_latencies.merge(latencies);
    }
    let mut open_commands = bench.open(What::Command, args, time).await?;
    let mut open_queries = bench.open(What::Query, args, time).await?;
    let inserts = median(inserts);
    let mut rows = Vec::new();
    for (what, rate, mut latencies) in [
        ("commands, closed loop", median(commands), command_latencies),
        ("queries, closed loop", median(queries), query_latencies),
    ] {
        rows.push(line(what, rate, &mut latencies, inserts));
    }
    for (what, latencies) in
        [("commands, open loop", &mut open_commands), ("queries, open loop", &mut open_queries)]
    {
        let rate = latencies.count() as f64 / time.as_secs_f64();
        rows.push(line(what, rate, latencies, inserts));
    }
    let machine = Machine::look(bench.stack.pool(), Some(bench.stack.nats())).await?;
    let settings = row! {
        "connections": args.connections,
        "seconds": args.seconds,
        "rounds": args.rounds,
        "open_loop_per_s": args.rate,
        "command": "POST a run: validated, authorised, answered after the read models show it",
        "query": "GET a run by its id",
        "plain_insert": plain.way(),
        "resident_mb": resident_mb(),
    };
    bench.stack.stop().await;
    rig.stop().await?;
    Ok(Report { bench: "http", rows, settings, machine })
}

fn line(
    what: &str,
    rate: f64,
    latencies: &mut Latencies,
    inserts: f64,
) -> serde_json::Map<String, serde_json::Value> {
    row! {
        "what": what,
        "requests_per_s": rate.round(),
        "p50_ms": latencies.quantile_ms(0.5),
        "p99_ms": latencies.quantile_ms(0.99),
        "plain_insert_per_s": inserts.round(),
        "ratio_to_plain_insert": rate / inserts,
    }
}

#[derive(Debug, Clone, Copy)]
enum What {
    Command,
    Query,
}

struct Bench {
    stack: Stack,
    number: AtomicU64,
}

impl Bench {
    /// Each connection sends its next request when the last one is answered.
    async fn closed(
        &self,
        what: What,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<(f64, Latencies)> {
        let clients = self.clients(connections).await?;
        let started = Instant::now();
        let end = started + time;
        let driven = clients.into_iter().map(|mut client| async move {
            let run = self.record(&mut client).await?;
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                let begun = Instant::now();
                self.request(what, &mut client, &run).await?;
                latencies.add(begun.elapsed());
            }
            anyhow::Ok(latencies)
        });
        let mut all = Latencies::default();
        for latencies in try_join_all(driven).await? {
            all.merge(latencies);
        }
        Ok((all.count() as f64 / started.elapsed().as_secs_f64(), all))
    }

    /// Requests are due at a fixed rate; what they wait for a free connection counts as latency.
    async fn open(&self, what: What, args: &HttpArgs, time: Duration) -> anyhow::Result<Latencies> {
        let clients = self.clients(args.connections).await?;
        let started = Instant::now();
        let total = args.rate * time.as_secs();
        let next = AtomicU64::new(0);
        let next = &next;
        let driven = clients.into_iter().map(|mut client| async move {
            let run = self.record(&mut client).await?;
            let mut latencies = Latencies::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return anyhow::Ok(latencies);
                }
                let due = started + Duration::from_secs_f64(number as f64 / args.rate as f64);
                sleep_until(due.into()).await;
                self.request(what, &mut client, &run).await?;
                latencies.add(due.elapsed());
            }
        });
        let mut all = Latencies::default();
        for latencies in try_join_all(driven).await? {
            all.merge(latencies);
        }
        Ok(all)
    }

    async fn clients(&self, connections: usize) -> anyhow::Result<Vec<HttpClient>> {
        try_join_all((0..connections).map(|_| self.stack.client())).await
    }

    async fn request(&self, what: What, client: &mut HttpClient, run: &str) -> anyhow::Result<()> {
        match what {
            What::Command => self.record(client).await.map(drop),
            What::Query => {
                let response = client.send("GET", run, &[], None).await?;
                ensure!(response.status() == 200, "GET a run answered {}", response.status());
                Ok(())
            }
        }
    }

    /// Records a run and returns where it is.
    async fn record(&self, client: &mut HttpClient) -> anyhow::Result<String> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let response = client.send("POST", "/api/v1/runs", &[], Some(&a_run(number))).await?;
        ensure!(response.status() == 201, "POST of a run answered {}", response.status());
        let consistent = !response.headers().contains_key("trainer-consistency");
        ensure!(consistent, "POST of a run was answered before the read models showed it");
        let location =
            response.headers().get("location").and_then(|location| location.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("POST of a run gave no Location"))
    }
}

/// A plausible run, different for each number.
pub(super) fn a_run(number: u64) -> serde_json::Value {
    let metres = 4_000 + number * 37 % 12_000;
    json!({
        "actual_date": format!("20{:02}-{:02}-{:02}", 10 + number % 15, 1 + number % 12, 1 + number % 28),
        "distance_km": metres as f64 / 1000.0,
        "duration_seconds": metres * (270 + number % 90) / 1000,
        "average_heart_rate": 130 + number % 40,
        "max_heart_rate": 172,
        "elevation_gain_m": number % 300,
        "notes": "along the river and back",
    })
}

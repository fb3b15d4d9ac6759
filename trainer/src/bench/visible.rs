use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use futures::future::try_join_all;
use tokio::time::sleep_until;

use super::http::a_run;
use super::machine::{Machine, resident_mb};
use super::report::{Report, row};
use super::rig::Rig;
use super::stack::Stack;
use super::stats::Latencies;
use crate::config::ServerConfig;
use crate::http_client::HttpClient;

/// Options of `bench visible`.
#[derive(Debug, Args)]
pub(crate) struct VisibleArgs {
    /// Writes a second, a list.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000])]
    rates: Vec<u64>,
    /// Seconds for each rate.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

/// Connections that write; enough that none is ever waited for.
const WRITERS: usize = 32;

/// Of how many writes one is watched until it can be read: asking costs what is measured.
const WATCHED: u64 = 10;

pub(super) async fn run(args: &VisibleArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let stack = Stack::start(&rig, config).await?;
    let mut rows = Vec::new();
    measure(&stack, 200, Duration::from_secs(2)).await?;
    for &rate in &args.rates {
        let (mut latencies, written) =
            measure(&stack, rate, Duration::from_secs(args.seconds)).await?;
        rows.push(row! {
            "writes_per_s": (written as f64 / args.seconds as f64).round(),
            "watched": latencies.count(),
            "p50_ms": latencies.quantile_ms(0.5),
            "p99_ms": latencies.quantile_ms(0.99),
            "max_ms": latencies.quantile_ms(1.0),
        });
    }
    let machine = Machine::look(stack.pool(), Some(stack.nats())).await?;
    let settings = row! {
        "seconds": args.seconds,
        "write": "POST a run with Prefer: respond-async",
        "visible": "from the 201 until GET of it answers 200 instead of 404; one of 10 writes is watched",
        "resident_mb": resident_mb(),
    };
    stack.stop().await;
    rig.stop().await?;
    Ok(Report { bench: "visible", rows, settings, machine })
}

async fn measure(stack: &Stack, rate: u64, time: Duration) -> anyhow::Result<(Latencies, u64)> {
    let started = Instant::now();
    let total = rate * time.as_secs();
    let next = AtomicU64::new(0);
    let next = &next;
    let writers = (0..WRITERS).map(|_| async move {
        let (mut writer, mut reader) = (stack.client().await?, stack.client().await?);
        let mut latencies = Latencies::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                return anyhow::Ok(latencies);
            }
            let due = started + Duration::from_secs_f64(number as f64 / rate as f64);
            sleep_until(due.into()).await;
            let (path, answered) = write(&mut writer, number).await?;
            if number.is_multiple_of(WATCHED) {
                latencies.add(visible(&mut reader, &path, answered).await?);
            }
        }
    });
    let mut all = Latencies::default();
    for latencies in try_join_all(writers).await? {
        all.merge(latencies);
    }
    Ok((all, total))
}

async fn write(client: &mut HttpClient, number: u64) -> anyhow::Result<(String, Instant)> {
    let prefer = [("prefer", "respond-async")];
    let response = client.send("POST", "/api/v1/runs", &prefer, Some(&a_run(number))).await?;
    let answered = Instant::now();
    ensure!(response.status() == 201, "POST of a run answered {}", response.status());
    let location = response.headers().get("location").and_then(|location| location.to_str().ok());
    let path = location.ok_or_else(|| anyhow::anyhow!("POST of a run gave no Location"))?;
    Ok((path.to_owned(), answered))
}

/// How long after its 201 a run could be read: the time of the read that found it.
async fn visible(
    client: &mut HttpClient,
    path: &str,
    answered: Instant,
) -> anyhow::Result<Duration> {
    loop {
        let response = client.send("GET", path, &[], None).await?;
        if response.status() == 200 {
            return Ok(answered.elapsed());
        }
        ensure!(response.status() == 404, "GET of a run answered {}", response.status());
        ensure!(answered.elapsed() < Duration::from_secs(30), "a run was not readable within 30 s");
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

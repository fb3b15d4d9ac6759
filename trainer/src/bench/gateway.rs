use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use anyhow::ensure;
use axum::Router;
use clap::Args;
use futures::future::try_join_all;
use gateway::{Api, DoorSettings, Gateway, PerMinute, RateLimits, UpstreamSettings, Upstreams};
use service::{HealthChecks, Metrics, Verifier};
use tokio::net::TcpListener;

use super::http::a_run;
use super::machine::{Machine, resident_mb};
use super::report::{Report, row};
use super::rig::Rig;
use super::stack::Stack;
use super::stats::{Latencies, median};
use crate::config::ServerConfig;
use crate::http_client::HttpClient;

/// Options of `bench gateway`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Connections kept open, each with one request on its way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each figure is taken, in turns; the median is shown.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// How often a token is verified that is known already.
const VERIFICATIONS: u32 = 200_000;

pub(super) async fn run(args: &GatewayArgs, config: &ServerConfig) -> anyhow::Result<Report> {
    let rig = Rig::start(config).await?;
    let stack = Stack::start(&rig, config).await?;
    let run = a_stored_run(&stack).await?;
    let ways = Ways::open(&stack).await?;
    let time = Duration::from_secs(args.seconds);
    for (_, address) in ways.all() {
        measure(&stack, address, &run, args.connections, Duration::from_millis(500)).await?;
    }
    let mut rates = [vec![], vec![], vec![]];
    let mut latencies = [Latencies::default(), Latencies::default(), Latencies::default()];
    for _ in 0..args.rounds {
        for (index, (_, address)) in ways.all().into_iter().enumerate() {
            let (rate, round) = measure(&stack, address, &run, args.connections, time).await?;
            rates[index].push(rate);
            latencies[index].merge(round);
        }
    }
    let rates = rates.map(median);
    let mut rows = Vec::new();
    for (index, (what, _)) in ways.all().into_iter().enumerate() {
        rows.push(row! {
            "what": what,
            "requests_per_s": rates[index].round(),
            "ratio": rates[index] / rates[0],
            "p50_ms": latencies[index].quantile_ms(0.5),
            "p99_ms": latencies[index].quantile_ms(0.99),
        });
    }
    let machine = Machine::look(stack.pool(), Some(stack.nats())).await?;
    let settings = row! {
        "connections": args.connections,
        "seconds": args.seconds,
        "rounds": args.rounds,
        "request": "GET a run by its id, with an access token",
        "verification_of_a_known_token_us": verification_us(&ways.verifier, stack.token()).await?,
        "resident_mb": resident_mb(),
    };
    stack.stop().await;
    rig.stop().await?;
    Ok(Report { bench: "gateway", rows, settings, machine })
}

async fn a_stored_run(stack: &Stack) -> anyhow::Result<String> {
    let mut client = stack.client().await?;
    let answer = client.send("POST", "/api/v1/runs", &[], Some(&a_run(1))).await?;
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    location.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("POST of a run gave no Location"))
}

/// The same route, reached in three ways.
struct Ways {
    bare: SocketAddr,
    door: SocketAddr,
    gateway: SocketAddr,
    verifier: Verifier,
}

impl Ways {
    async fn open(stack: &Stack) -> anyhow::Result<Self> {
        let verifier = auth::verifier(stack.pool().clone());
        let api: Api = query_api::router(stack.process().query_state()).into();
        let bare = service::authenticated(api.router.clone(), verifier.clone());
        let bare = serve(stack, service::enveloped(bare)).await?;
        let upstreams =
            Upstreams::new("query-api", [bare.to_string().parse()?], UpstreamSettings::default());
        let passed_on = upstreams.api(api.openapi.clone());
        tokio::spawn(upstreams.look_after(stack.process().shutdown.clone()));
        let door = serve(stack, through_a_door(stack, &verifier, api)?).await?;
        let gateway = serve(stack, through_a_door(stack, &verifier, passed_on)?).await?;
        Ok(Self { bare, door, gateway, verifier })
    }

    fn all(&self) -> [(&'static str, SocketAddr); 3] {
        [
            ("without a gateway", self.bare),
            ("gateway in the same process", self.door),
            ("gateway over HTTP", self.gateway),
        ]
    }
}

/// With limits, which nobody reaches here.
fn through_a_door(stack: &Stack, verifier: &Verifier, api: Api) -> anyhow::Result<Router> {
    let plenty = NonZeroU32::MAX;
    let quotas = PerMinute {
        reads: plenty,
        writes: plenty,
        key_reads: plenty,
        key_writes: plenty,
        credentials: plenty,
    };
    let health = HealthChecks::new("bench", env!("CARGO_PKG_VERSION"), stack.pool().clone(), None);
    let door =
        DoorSettings { rate_limits: RateLimits::PerMinute(quotas), ..DoorSettings::default() };
    let metrics = Metrics::install()?;
    Ok(Gateway { apis: vec![api], verifier: verifier.clone(), health, metrics, door }.router())
}

async fn serve(stack: &Stack, router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(service::serve(listener, router, stack.process().shutdown.clone()));
    Ok(address)
}

/// Each connection sends its next request when the last one is answered.
async fn measure(
    stack: &Stack,
    address: SocketAddr,
    run: &str,
    connections: usize,
    time: Duration,
) -> anyhow::Result<(f64, Latencies)> {
    let clients = (0..connections).map(|_| HttpClient::connect(address, stack.token()));
    let clients = try_join_all(clients).await?;
    let started = Instant::now();
    let driven = clients.into_iter().map(|mut client| async move {
        let mut latencies = Latencies::default();
        while started.elapsed() < time {
            let begun = Instant::now();
            let answer = client.send("GET", run, &[], None).await?;
            ensure!(answer.status() == 200, "GET a run answered {}", answer.status());
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

async fn verification_us(verifier: &Verifier, token: &str) -> anyhow::Result<f64> {
    verifier.verify(token).await?;
    let began = Instant::now();
    for _ in 0..VERIFICATIONS {
        verifier.verify(token).await?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(VERIFICATIONS))
}

use std::fmt::Display;

use anyhow::ensure;
use async_nats::jetstream;
use chrono::{TimeDelta, Utc};
use embedded::Binaries;
use event_store::{head, unfinished_erasures};
use projector::{Checkpoint, checkpoints};
use sqlx::PgPool;

use crate::config::ServerConfig;
use crate::infrastructure::{Infrastructure, private_servers};
use crate::migrations::MIGRATIONS;

/// How long an erasure may take.
const LATE: TimeDelta = TimeDelta::hours(1);
/// How long a mail may wait, in seconds.
const LATE_MAIL_S: f64 = 15.0 * 60.0;

/// Looks whether everything is as it should be, and says what to do where it is not.
///
/// # Errors
/// When something is wrong.
pub(crate) async fn doctor(config: &ServerConfig) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    if config.database_url.is_none() {
        let found = Binaries::find_for(&private_servers(config));
        findings.note("programs", found.map(|_| "Postgres and nats-server are installed"));
    }
    let looked = Infrastructure::with(config, async |infrastructure| {
        look(infrastructure, &mut findings).await;
        Ok(())
    })
    .await;
    if let Err(error) = looked {
        findings.bad("servers", format!("{error:#}"));
    }
    findings.conclude()
}

async fn look(infrastructure: &Infrastructure, findings: &mut Findings) {
    let pool = &infrastructure.pool;
    findings.note("migrations", migrations(pool).await);
    for setting in ["server_version", "fsync", "synchronous_commit", "full_page_writes"] {
        let value = sqlx::query_scalar::<_, String>("select current_setting($1)")
            .bind(setting)
            .fetch_one(pool)
            .await;
        match value {
            Ok(value) if value == "off" => {
                findings.bad(setting, "off: a power cut loses acknowledged commands")
            }
            value => findings.note(setting, value),
        }
    }
    findings.note("positions", positions(pool).await);
    match standing(pool).await {
        Ok((checkpoints, head)) => {
            for checkpoint in checkpoints {
                let name =
                    format!("projection {} ({})", checkpoint.projection, checkpoint.generation);
                // What is parked in rows that nobody reads is tried again before they serve.
                let is_live = checkpoint.generation == "live";
                match (checkpoint.parked_streams, checkpoint.paused_at) {
                    (parked, None) if parked == 0 || !is_live => {
                        findings.good(&name, at(checkpoint.position, head));
                    }
                    (0, Some(since)) => findings.bad(
                        &name,
                        format!(
                            "paused since {}; `trainer projections resume {}` lets it go on",
                            since.format("%Y-%m-%d %H:%M UTC"),
                            checkpoint.projection
                        ),
                    ),
                    (parked, _) => {
                        findings.bad(
                            &name,
                            format!("{parked} streams are parked; see `trainer parked list`"),
                        );
                    }
                }
            }
        }
        Err(error) => findings.bad("projections", error),
    }
    findings.note("erasures", erasures(pool).await);
    findings.note("mails", mails(pool).await);
    findings.note("stream", stream(infrastructure).await);
}

/// Where the rows are, and the head after that.
async fn standing(pool: &PgPool) -> sqlx::Result<(Vec<Checkpoint>, i64)> {
    Ok((checkpoints(pool).await?, head(pool).await?))
}

fn at(position: i64, head: i64) -> String {
    match head - position {
        behind @ 1.. => format!("at position {position}, {behind} events behind"),
        _ => format!("at position {position}"),
    }
}

async fn migrations(pool: &PgPool) -> anyhow::Result<String> {
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(pool)
        .await?;
    let known = MIGRATIONS.iter().count() as i64;
    if applied < known {
        anyhow::bail!("{} of {known} are missing; run `trainer migrate`", known - applied);
    }
    Ok(format!("all {known} applied"))
}

/// Whether every position that was given out has its event; those before the last tombstone may be of somebody who was erased.
async fn positions(pool: &PgPool) -> anyhow::Result<String> {
    let (head, last, erased_before, behind): (i64, i64, i64, i64) = sqlx::query_as(
        "select h.position, coalesce((select max(position) from es.events), 0), x.position,
                (select count(*) from es.events where position > x.position)
           from es.head h, (select coalesce(max(position), 0) as position from es.erasures) x
          where h.id = 0",
    )
    .fetch_one(pool)
    .await?;
    ensure!(head == last, "the head says {head}, the last event is at {last}");
    let missing = head - erased_before - behind;
    ensure!(missing == 0, "{missing} events are missing behind position {erased_before}");
    Ok(match erased_before {
        0 => format!("1 to {head}, all there"),
        _ => format!(
            "1 to {head}; behind {erased_before}, before which some were erased, all are there"
        ),
    })
}

async fn erasures(pool: &PgPool) -> anyhow::Result<String> {
    let open = unfinished_erasures(pool).await?;
    if let Some(late) = open.iter().find(|erasure| Utc::now() - erasure.requested_at > LATE) {
        anyhow::bail!(
            "the one requested at {} is not complete; is the worker running, and NATS?",
            late.requested_at.format("%Y-%m-%d %H:%M UTC")
        );
    }
    Ok(format!("{} under way", open.len()))
}

async fn mails(pool: &PgPool) -> anyhow::Result<String> {
    let state = mail::queue_state(pool).await?;
    if state.waiting_s > LATE_MAIL_S {
        anyhow::bail!(
            "one waits for {:.0} minutes; is the worker running, and the SMTP server? See `trainer mail list`",
            state.waiting_s / 60.0
        );
    }
    let mail::QueueState { waiting, failed, .. } = state;
    Ok(format!("{waiting} wait, {failed} were given up in the last 30 days"))
}

async fn stream(infrastructure: &Infrastructure) -> anyhow::Result<String> {
    let client = infrastructure.nats("trainer doctor").await?;
    let jetstream = jetstream::new(client);
    let stream = jetstream.get_stream(nats::STREAM).await?;
    let state = stream.get_info().await?.state;
    Ok(format!("{} messages, last sequence {}", state.messages, state.last_sequence))
}

#[derive(Default)]
struct Findings {
    bad: usize,
}

impl Findings {
    fn note<T: Display, E: Display>(&mut self, what: &str, found: Result<T, E>) {
        match found {
            Ok(found) => self.good(what, found),
            Err(error) => self.bad(what, error),
        }
    }

    #[expect(clippy::print_stdout, reason = "the findings are the command's answer")]
    fn good(&mut self, what: &str, found: impl Display) {
        println!("ok    {what}: {found}");
    }

    #[expect(clippy::print_stdout, reason = "the findings are the command's answer")]
    fn bad(&mut self, what: &str, found: impl Display) {
        self.bad += 1;
        println!("WRONG {what}: {found}");
    }

    fn conclude(self) -> anyhow::Result<()> {
        anyhow::ensure!(self.bad == 0, "{} thing(s) are wrong", self.bad);
        Ok(())
    }
}

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use domain::OwnerId;
use event_store::{RecordedEvent, copy_between, head};
use nats::{Refusals, Replay, ReplaySubject, Republished};
use serde_json::json;
use tokio::time::Instant;

use super::stretch::end_of;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// How many events are published before the server is asked whether it has them, and how many one statement reads.
const BATCH: usize = 1_000;

/// Options of `events replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Where: a subject of your own, such as trainer.replay.mine, which the user `subscriber` may hear.
    #[arg(long, value_name = "SUBJECT")]
    to_subject: ReplaySubject,
    /// Begin behind this position; 0 for all events.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    from: i64,
    /// End with this position; with the last event when not given.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    to: Option<i64>,
    /// Only the events of this runner.
    #[arg(long, value_name = "UUID")]
    owner: Option<OwnerId>,
    /// At most so many events a second.
    #[arg(long, value_name = "EVENTS")]
    rate: Option<NonZeroU32>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Publishes events again.
///
/// # Errors
/// When the servers fail, or the stream that has the subject does not take an event. What was published is said.
#[expect(clippy::print_stdout, reason = "what was published is the command's answer")]
pub(super) async fn replay(args: ReplayArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let ReplayArgs { to_subject, from, to, owner, rate, json } = args;
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let pool = &infrastructure.pool;
        let head = head(pool).await?;
        let to = end_of(from, to, head)?;
        let refusals = Refusals::default();
        let client =
            infrastructure.nats_noting("trainer events replay", refusals.clone()).await?;
        let mut replay =
            Replay::begin(pool, client, refusals, to_subject.clone(), from, owner).await?;
        let mut pace = Pace::new(rate);
        let bar = spinner("events");
        bar.set_length((to - from).max(0).unsigned_abs());
        let mut batches = copy_between(pool.clone(), from, to, pace.in_a_second());
        let (mut published, mut last) = (Republished::default(), from);
        while let Some(batch) = batches.recv().await {
            let batch = batch.context("the events could not be read")?;
            for events in batch.chunks(pace.together()) {
                published += pace.publish(&mut replay, events).await.with_context(|| {
                    format!("the events behind position {last} are not all published; go on with --from {last}")
                })?;
                last = events.last().map_or(last, |event| event.position);
                bar.set_position((last - from).unsigned_abs());
            }
        }
        bar.finish_and_clear();
        let stream = replay.stream().map(str::to_owned);
        replay.end().await?;
        let Republished { events, duplicates } = published;
        if json {
            println!(
                "{}",
                json!({
                    "subject": to_subject.as_str(), "stream": stream, "position": last,
                    "events": events, "duplicates": duplicates,
                })
            );
        } else {
            let arrived = arrived(stream.as_deref(), published);
            println!("{events} events up to position {last} published on {to_subject}; {arrived}");
        }
        Ok(())
    })
    .await
}

/// What is known of where they are.
fn arrived(stream: Option<&str>, Republished { events, duplicates }: Republished) -> String {
    match stream {
        None => "no stream has this subject: only those who listened have got them".to_owned(),
        Some(stream) if duplicates == 0 => format!("the stream {stream} has taken all of them"),
        Some(stream) => format!(
            "the stream {stream} has taken {} of them, and dropped {duplicates} as duplicates: it had got those before, \
             within its duplicate window",
            events - duplicates
        ),
    }
}

/// How fast events are published.
struct Pace {
    rate: Option<NonZeroU32>,
    began: Instant,
    published: u64,
}

impl Pace {
    fn new(rate: Option<NonZeroU32>) -> Self {
        Self { rate, began: Instant::now(), published: 0 }
    }

    /// How many events may be published at once: those of a twentieth of a second.
    fn together(&self) -> usize {
        self.rate.map_or(BATCH, |rate| (rate.get() as usize / 20).clamp(1, BATCH))
    }

    /// How many events are read at once: no more than are published soon, for they may be erased meanwhile.
    fn in_a_second(&self) -> usize {
        self.rate.map_or(BATCH, |rate| (rate.get() as usize).min(BATCH))
    }

    /// Publishes events when it is their time; how many.
    async fn publish(
        &mut self,
        replay: &mut Replay,
        events: &[RecordedEvent],
    ) -> Result<Republished, nats::ReplayError> {
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(self.published as f64 / f64::from(rate.get()));
            tokio::time::sleep_until(self.began + due).await;
        }
        let published = replay.publish(events).await?;
        self.published += published.events;
        Ok(published)
    }
}

use std::time::{Duration, Instant};

use comfy_table::{Table, presets};
use event_store::head;
use projector::{Checkpoint, LatestRebuild, RebuildState, Share, Standing, checkpoints, standings};
use serde_json::{Value, json};
use sqlx::PgPool;

/// How often `status --watch` looks.
const EVERY: Duration = Duration::from_secs(1);

#[expect(clippy::print_stdout, reason = "the list is the command's answer")]
pub(super) async fn list(pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let checkpoints = checkpoints(pool).await?;
    let head = head(pool).await?;
    let behind = |at: &Checkpoint| (head - at.position).max(0);
    if json {
        let items: Vec<_> = checkpoints
            .iter()
            .map(|at| {
                json!({
                    "projection": at.projection,
                    "generation": at.generation,
                    "version": at.version,
                    "position": at.position,
                    "lag_events": behind(at),
                    "parked_streams": at.parked_streams,
                    "paused_at": at.paused_at,
                    "updated_at": at.updated_at,
                })
            })
            .collect();
        println!("{}", json!({"head": head, "items": items}));
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "projection",
        "generation",
        "version",
        "position",
        "behind",
        "parked",
        "updated",
    ]);
    for at in &checkpoints {
        table.add_row([
            at.projection.clone(),
            at.generation.clone(),
            at.version.to_string(),
            at.position.to_string(),
            behind(at).to_string(),
            at.parked_streams.to_string(),
            at.updated_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ]);
    }
    println!("{table}\nthe last event is at position {head}");
    Ok(())
}

/// Shows how the projections are doing; again and again, when asked.
#[expect(clippy::print_stdout, reason = "the status is the command's answer")]
pub(super) async fn watch(pool: &PgPool, again: bool, json: bool) -> anyhow::Result<()> {
    let mut before = Look::take(pool).await?;
    loop {
        // A rate takes two looks; nobody waits for one when nothing is being built.
        if again || before.standings.iter().any(|standing| standing.beside().is_some()) {
            tokio::time::sleep(EVERY).await;
        }
        let now = Look::take(pool).await?;
        if json {
            println!("{}", now.as_json(&before));
        } else {
            println!("{}", now.as_table(&before));
        }
        if !again {
            return Ok(());
        }
        before = now;
    }
}

/// How everything was doing at some moment.
struct Look {
    at: Instant,
    standings: Vec<Standing>,
}

impl Look {
    async fn take(pool: &PgPool) -> sqlx::Result<Self> {
        Ok(Self { standings: standings(pool).await?, at: Instant::now() })
    }

    fn as_table(&self, before: &Self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_header(["projection", "state", "behind", "parked", "shares", "rebuild"]);
        for standing in &self.standings {
            let rebuild = Rebuild::of(standing, before, self);
            let progress = rebuild.as_ref().map(Rebuild::in_words);
            table.add_row([
                standing.projection.name().to_owned(),
                standing.state.as_str().replace('_', " "),
                standing.lag_of(&standing.live).to_string(),
                standing.live.parked_streams.to_string(),
                shares_in_words(&standing.shares),
                [progress, bad_end(standing)].into_iter().flatten().collect::<Vec<_>>().join("; "),
            ]);
        }
        table
    }

    fn as_json(&self, before: &Self) -> Value {
        let items: Vec<_> = self
            .standings
            .iter()
            .map(|standing| {
                json!({
                    "projection": standing.projection.name(),
                    "state": standing.state.as_str(),
                    "position": standing.live.position,
                    "lag_events": standing.lag_of(&standing.live),
                    "parked_streams": standing.live.parked_streams,
                    "shares": standing.shares.iter().map(share_as_json).collect::<Vec<_>>(),
                    "rebuild": Rebuild::of(standing, before, self).as_ref().map(Rebuild::as_json),
                    "latest_rebuild": standing.rebuild.as_ref().map(latest_as_json),
                })
            })
            .collect();
        json!({ "items": items })
    }
}

/// How the work is divided: the parts of each projector.
fn shares_in_words(shares: &[Share]) -> String {
    let word = |share: &Share| match share.is_held {
        true => share.parts.to_string(),
        false => format!("{} (nobody)", share.parts),
    };
    shares.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn share_as_json(share: &Share) -> Value {
    json!({
        "parts": share.parts.to_string(),
        "position": share.position,
        "held": share.is_held,
    })
}

/// How the latest rebuild has ended, when it was not well.
fn bad_end(standing: &Standing) -> Option<String> {
    let latest = standing.rebuild.as_ref()?;
    let kind = latest.undertaking.as_str();
    match &latest.state {
        RebuildState::Running | RebuildState::Done { .. } => None,
        RebuildState::Interrupted => Some(format!("{kind} was interrupted, the next one goes on")),
        RebuildState::Failed { error, .. } => Some(format!("{kind} has failed: {error}")),
    }
}

fn latest_as_json(latest: &LatestRebuild) -> Value {
    let (ended_at, events, error) = match &latest.state {
        RebuildState::Running | RebuildState::Interrupted => (None, None, None),
        RebuildState::Done { at, events } => (Some(at), Some(events), None),
        RebuildState::Failed { at, error } => (Some(at), None, Some(error)),
    };
    json!({
        "kind": latest.undertaking.as_str(),
        "state": latest.state.as_str(),
        "begun_at": latest.begun_at,
        "ended_at": ended_at,
        "events": events,
        "error": error,
    })
}

/// How a rebuild is doing.
struct Rebuild {
    position: i64,
    head: i64,
    events_per_s: f64,
}

impl Rebuild {
    fn of(standing: &Standing, before: &Look, now: &Look) -> Option<Self> {
        let beside = standing.beside()?;
        let was = before.standings.iter().find(|was| was.projection == standing.projection);
        let was = was.and_then(Standing::beside).filter(|was| was.generation == beside.generation);
        // Without a look at it before there is no rate yet.
        let was = was.map_or(beside.position, |was| was.position);
        let seconds = (now.at - before.at).as_secs_f64().max(f64::EPSILON);
        let events_per_s = (beside.position - was).max(0) as f64 / seconds;
        Some(Self { position: beside.position, head: standing.head, events_per_s })
    }

    fn remaining_s(&self) -> Option<f64> {
        let left = (self.head - self.position).max(0) as f64;
        (self.events_per_s > 0.0).then(|| left / self.events_per_s)
    }

    fn in_words(&self) -> String {
        let percent = 100.0 * self.position as f64 / (self.head.max(1)) as f64;
        let how = match self.remaining_s() {
            Some(seconds) => format!("{:.0} events/s, {seconds:.0} s left", self.events_per_s),
            None if self.position >= self.head => "up to date, waits to be taken".to_owned(),
            None => "stands still".to_owned(),
        };
        format!("at {} ({percent:.0} %), {how}", self.position)
    }

    fn as_json(&self) -> Value {
        json!({
            "position": self.position,
            "events_per_s": self.events_per_s,
            "remaining_s": self.remaining_s(),
        })
    }
}

use std::time::{Duration, Instant};

use comfy_table::{Table, presets};
use event_store::head;
use projector::{Checkpoint, Projection, checkpoints};
use serde_json::{Value, json};
use sqlx::PgPool;

/// How often `status --watch` looks.
const EVERY: Duration = Duration::from_secs(1);

#[expect(clippy::print_stdout, reason = "the list is the command's answer")]
pub(super) async fn list(pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let look = Look::take(pool).await?;
    if json {
        let items: Vec<_> = look.checkpoints.iter().map(|at| look.as_json(at)).collect();
        println!("{}", json!({"head": look.head, "items": items}));
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
    for at in &look.checkpoints {
        table.add_row([
            at.projection.clone(),
            at.generation.clone(),
            at.version.to_string(),
            at.position.to_string(),
            look.behind(at).to_string(),
            at.parked_streams.to_string(),
            at.updated_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ]);
    }
    println!("{table}\nthe last event is at position {}", look.head);
    Ok(())
}

/// Shows how the projections are doing; again and again, when asked.
#[expect(clippy::print_stdout, reason = "the status is the command's answer")]
pub(super) async fn watch(pool: &PgPool, again: bool, json: bool) -> anyhow::Result<()> {
    let mut before = Look::take(pool).await?;
    loop {
        // A rate takes two looks; nobody waits for one when nothing is being built.
        if again || before.checkpoints.iter().any(|at| at.generation == "next") {
            tokio::time::sleep(EVERY).await;
        }
        let now = Look::take(pool).await?;
        let doing: Vec<_> =
            Projection::ALL.into_iter().map(|of| Doing::of(of, &before, &now)).collect();
        if json {
            let items: Vec<_> = doing.iter().map(Doing::as_json).collect();
            println!("{}", json!({"head": now.head, "items": items}));
        } else {
            println!("{}", table(&doing));
        }
        if !again {
            return Ok(());
        }
        before = now;
    }
}

fn table(doing: &[Doing]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["projection", "state", "behind", "parked", "rebuild"]);
    for doing in doing {
        table.add_row([
            doing.projection.name().to_owned(),
            doing.state.to_owned(),
            doing.behind.to_string(),
            doing.parked.to_string(),
            doing.rebuild.as_ref().map_or_else(String::new, Rebuild::in_words),
        ]);
    }
    table
}

/// Where everything stood at some moment.
struct Look {
    at: Instant,
    head: i64,
    checkpoints: Vec<Checkpoint>,
}

impl Look {
    async fn take(pool: &PgPool) -> sqlx::Result<Self> {
        let checkpoints = checkpoints(pool).await?;
        Ok(Self { at: Instant::now(), head: head(pool).await?, checkpoints })
    }

    fn of(&self, projection: Projection, generation: &str) -> Option<&Checkpoint> {
        let is_it =
            |at: &&Checkpoint| at.projection == projection.name() && at.generation == generation;
        self.checkpoints.iter().find(is_it)
    }

    fn behind(&self, at: &Checkpoint) -> i64 {
        (self.head - at.position).max(0)
    }

    fn as_json(&self, at: &Checkpoint) -> Value {
        json!({
            "projection": at.projection,
            "generation": at.generation,
            "version": at.version,
            "position": at.position,
            "lag_events": self.behind(at),
            "parked_streams": at.parked_streams,
            "paused_at": at.paused_at,
            "updated_at": at.updated_at,
        })
    }
}

/// How a projection is doing.
struct Doing {
    projection: Projection,
    state: &'static str,
    position: i64,
    behind: i64,
    parked: i64,
    rebuild: Option<Rebuild>,
}

impl Doing {
    fn of(projection: Projection, before: &Look, now: &Look) -> Self {
        let live = now.of(projection, "live");
        let behind = live.map_or(now.head, |live| now.behind(live));
        let state = match live {
            None => "not there",
            Some(live) if live.paused_at.is_some() => "paused",
            Some(live) if live.version > projection.version() => "of a newer version",
            Some(live) if live.version < projection.version() => "of an older version",
            Some(_) if behind > 0 => "behind",
            Some(_) => "up to date",
        };
        Self {
            projection,
            state,
            position: live.map_or(0, |live| live.position),
            behind,
            parked: live.map_or(0, |live| live.parked_streams),
            rebuild: Rebuild::of(projection, before, now),
        }
    }

    fn as_json(&self) -> Value {
        json!({
            "projection": self.projection.name(),
            "state": self.state,
            "position": self.position,
            "lag_events": self.behind,
            "parked_streams": self.parked,
            "rebuild": self.rebuild.as_ref().map(Rebuild::as_json),
        })
    }
}

/// How a rebuild is doing.
struct Rebuild {
    position: i64,
    head: i64,
    events_per_s: f64,
}

impl Rebuild {
    fn of(projection: Projection, before: &Look, now: &Look) -> Option<Self> {
        let next = now.of(projection, "next")?;
        let was = before.of(projection, "next").map_or(0, |next| next.position);
        let seconds = (now.at - before.at).as_secs_f64().max(f64::EPSILON);
        let events_per_s = (next.position - was).max(0) as f64 / seconds;
        Some(Self { position: next.position, head: now.head, events_per_s })
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

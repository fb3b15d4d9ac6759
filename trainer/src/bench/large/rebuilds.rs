use anyhow::Context;
use projector::Projection;
use serde_json::{Map, Value};

use super::super::program::command;
use super::super::stats::median;
use super::store::Store;

/// The smaller ones of several stores are rebuilt as often as their events fit into the largest, at most so often.
const TIMES: i64 = 3;

/// Rebuilds of one projection of one store.
#[derive(Default)]
struct Rebuilds {
    events_per_s: Vec<f64>,
    peak_mb: Option<u64>,
}

impl Rebuilds {
    async fn once_more(&mut self, projection: Projection, store: &Store) -> anyhow::Result<()> {
        let words = ["projections", "rebuild", projection.name(), "--from-start"];
        let done = command(&store.rig, &words).await?;
        let rate = done.answers.iter().find_map(|answer| answer["events_per_s"].as_f64());
        self.events_per_s.push(rate.context("the rebuild has not said how fast it was")?);
        self.peak_mb = self.peak_mb.max(done.peak_mb);
        Ok(())
    }
}

/// Rebuilds every projection, and shows for each store how fast. In turns, because machines are faster and slower from
/// one minute to the next: each round rebuilds each of them on each store, and the medians are shown.
pub(super) async fn in_turns(
    stores: &[Store],
    rounds: usize,
) -> anyhow::Result<Vec<Map<String, Value>>> {
    let largest = stores.iter().map(|store| store.events).max().unwrap_or_default();
    let mut shown = vec![Map::new(); stores.len()];
    for projection in Projection::ALL {
        let mut all: Vec<Rebuilds> = stores.iter().map(|_| Rebuilds::default()).collect();
        for _ in 0..rounds {
            for (store, rebuilds) in stores.iter().zip(&mut all) {
                for _ in 0..(largest / store.events).clamp(1, TIMES) {
                    for each in stores {
                        each.settle().await?;
                    }
                    rebuilds.once_more(projection, store).await?;
                }
            }
        }
        let name = projection.name();
        let mut of_first = None;
        for (row, Rebuilds { events_per_s, peak_mb }) in shown.iter_mut().zip(all) {
            let slowest = events_per_s.iter().copied().reduce(f64::min);
            let fastest = events_per_s.iter().copied().reduce(f64::max);
            let middle = median(events_per_s);
            let of_first = *of_first.get_or_insert(middle);
            row.insert(format!("rebuild_{name}_per_s"), middle.round().into());
            row.insert(format!("rebuild_{name}_slowest"), slowest.map(f64::round).into());
            row.insert(format!("rebuild_{name}_fastest"), fastest.map(f64::round).into());
            row.insert(format!("rebuild_{name}_of_first"), (middle / of_first).into());
            row.insert(format!("rebuild_{name}_peak_mb"), peak_mb.into());
        }
    }
    Ok(shown)
}

//! A client that writes without a pause and remembers what it was told.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use http::StatusCode;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::mix;
use crate::program::{Answer, Ask, Client, Doors, Lost, Runner};
use crate::seen::Seen;
use crate::things::{Fields, fields};
use crate::write::{Belongings, Change, Outcome, Write};

pub(crate) struct Writer {
    pub(crate) runner: usize,
    pub(crate) belongings: Belongings,
    name: String,
    rng: StdRng,
    writes: u32,
    /// The write that was on its way when everything ended.
    unknown: Option<Write>,
    /// The last write with a key, and its answer.
    keyed: Option<(Ask, Answer)>,
}

/// What all writers have in common.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Writes that were acknowledged.
    pub(crate) acknowledged: AtomicU64,
    /// Writes that lost every race for a plan, and did nothing.
    pub(crate) contended: AtomicU64,
    /// Enough is written.
    pub(crate) stop: AtomicBool,
    /// The last position that anybody was told.
    last_position: AtomicI64,
}

impl Writer {
    /// A writer in the name of a runner.
    pub(crate) fn new(number: usize, runner: usize) -> Self {
        Self {
            runner,
            belongings: Belongings::default(),
            name: format!("writer {number}"),
            rng: StdRng::seed_from_u64(0),
            writes: 0,
            unknown: None,
            keyed: None,
        }
    }

    /// Draws other commands from now on.
    pub(crate) fn reseed(&mut self, rng: StdRng) {
        self.rng = rng;
    }

    /// Writes until an answer stays out, or it is enough.
    pub(crate) async fn work(&mut self, client: &mut Client, shared: &[String], tally: &Tally) {
        while !tally.stop.load(Ordering::SeqCst) {
            self.writes += 1;
            let label = format!("{} write {}", self.name, self.writes);
            let mut write = mix::draw(&mut self.rng, &self.belongings, shared, &label);
            let with_key = self.rng.random_bool(0.5);
            let twice = self.rng.random_bool(0.1);
            if with_key {
                write.ask = write.ask.header("idempotency-key", label);
            }
            let before = tally.last_position.load(Ordering::SeqCst);
            let answer = match client.send(&write.ask).await {
                Ok(answer) => answer,
                Err(Lost(_)) => return self.unknown = Some(write),
            };
            match answer.status {
                StatusCode::SERVICE_UNAVAILABLE => return self.unknown = Some(write),
                StatusCode::CONFLICT if answer.header("retry-after").is_some() => {
                    tally.contended.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                status => assert!(status.is_success(), "{write:?}: {answer:?}"),
            }
            assert_eq!(answer.header("idempotency-replayed"), None, "{answer:?}");
            let position = answer.position();
            assert!(position > before, "{position} was given after {before}: {answer:?}");
            tally.last_position.fetch_max(position, Ordering::SeqCst);
            tally.acknowledged.fetch_add(1, Ordering::SeqCst);
            self.note(&write.change, &answer);
            if with_key {
                self.keyed = Some((write.ask, answer));
                if twice && self.repeat(client).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Sends the last write with a key once more: the answer is the first one.
    pub(crate) async fn repeat(&self, client: &mut Client) -> Result<(), Lost> {
        let Some((ask, first)) = &self.keyed else { return Ok(()) };
        let again = client.send(ask).await?;
        if again.status == StatusCode::SERVICE_UNAVAILABLE {
            return Ok(());
        }
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{ask:?}: {again:?}");
        assert_eq!(
            (again.status, again.position()),
            (first.status, first.position()),
            "{ask:?}: {again:?}"
        );
        assert_eq!(again.body, first.body, "{ask:?}");
        Ok(())
    }

    /// Finds out what became of the write whose answer stayed out. With a key it is sent again, which does it
    /// unless it is done already.
    pub(crate) async fn settle(&mut self, client: &mut Client, seen: &Seen) -> Option<Outcome> {
        let write = self.unknown.take()?;
        let outcome = self
            .belongings
            .resolve(&write.change, seen)
            .unwrap_or_else(|error| panic!("{error}: {write:?}"));
        if write.ask.has("idempotency-key") {
            let answer = client.send(&write.ask).await.unwrap();
            assert!(answer.status.is_success(), "{write:?}: {answer:?}");
            let replayed = answer.header("idempotency-replayed").is_some();
            match outcome {
                Outcome::Whole => assert!(replayed, "done twice: {write:?}: {answer:?}"),
                Outcome::Absent => {
                    assert!(!replayed, "said to be done, but not: {write:?}: {answer:?}");
                    self.note(&write.change, &answer);
                }
            }
            self.keyed = Some((write.ask, answer));
        }
        Some(outcome)
    }

    fn note(&mut self, change: &Change, answer: &Answer) {
        self.belongings
            .apply(change, &described(answer))
            .unwrap_or_else(|error| panic!("{error}: {change:?}: {answer:?}"));
    }

    /// Everything it has is shown as it knows it, and nothing of what it has deleted.
    pub(crate) async fn check(&self, client: &mut Client, seen: &Seen) {
        assert_eq!(self.belongings.differences(seen), Vec::<String>::new(), "{}", self.name);
        // By their own paths as well as in lists, the latest of each.
        let latest = self.belongings.things.iter().rev().take(3);
        for (thing, status) in latest
            .map(|thing| (thing, 200))
            .chain(self.belongings.gone.last().map(|gone| (gone, 404)))
        {
            client.send(&Ask::get(thing.path())).await.unwrap().must_be(status);
        }
    }

    pub(crate) fn client(&self, runners: &[Runner], doors: Doors) -> Client {
        runners[self.runner].client(doors)
    }
}

/// The resources that an answer describes.
fn described(answer: &Answer) -> Vec<Fields> {
    if answer.body.is_empty() {
        return vec![];
    }
    let mut body = answer.json();
    match body.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items.into_iter().map(fields).collect(),
        Some(_) | None => vec![fields(body)],
    }
}

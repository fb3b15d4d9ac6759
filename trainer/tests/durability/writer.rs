//! A client that writes without a pause and remembers what it was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::time::sleep;

use crate::journal::{Ended, Journal, Number, Sent};
use crate::program::{Answer, Ask, Client, Doors, Lost, Runner};
use crate::seen::Seen;
use crate::things::{Fields, fields};
use crate::write::{Belongings, Change, Outcome, Write};
use crate::{mix, outdated};

/// How long an answer to what is sent again may stay out.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

pub(crate) struct Writer {
    pub(crate) runner: usize,
    pub(crate) belongings: Belongings,
    name: String,
    rng: StdRng,
    writes: u32,
    journal: Arc<Journal>,
    /// The write that was on its way when everything ended.
    unknown: Option<(Number, Write)>,
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
    /// Writes that meant an outdated version, and did nothing.
    pub(crate) outdated: AtomicU64,
    /// Enough is written.
    pub(crate) stop: AtomicBool,
}

/// Why a writer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Enough is written.
    Enough,
    /// It was asked to come again.
    Unavailable,
    /// No answer came.
    NoAnswer,
}

impl Writer {
    /// A writer in the name of a runner, who writes down what it asks and is told.
    pub(crate) fn new(number: usize, runner: usize, journal: Arc<Journal>) -> Self {
        Self {
            runner,
            belongings: Belongings::default(),
            name: format!("writer {number}"),
            rng: StdRng::seed_from_u64(0),
            writes: 0,
            journal,
            unknown: None,
            keyed: None,
        }
    }

    /// Draws other commands from now on.
    pub(crate) fn reseed(&mut self, rng: StdRng) {
        self.rng = rng;
    }

    /// Writes until an answer stays out, or it is enough.
    pub(crate) async fn work(
        &mut self,
        client: &mut Client,
        shared: &[String],
        tally: &Tally,
    ) -> Stopped {
        while !tally.stop.load(Ordering::SeqCst) {
            self.writes += 1;
            let label = format!("{} write {}", self.name, self.writes);
            let wrote = match self.outdated(&label) {
                Some(ask) => self.is_refused(client, ask, tally).await,
                None => self.write(client, shared, label, tally).await,
            };
            if let Err(stopped) = wrote {
                return stopped;
            }
        }
        Stopped::Enough
    }

    /// Now and then, a change that must be refused.
    fn outdated(&mut self, label: &str) -> Option<Ask> {
        let draws = self.rng.random_bool(0.05);
        draws.then(|| outdated::draw(&mut self.rng, &self.belongings, label)).flatten()
    }

    async fn is_refused(
        &mut self,
        client: &mut Client,
        ask: Ask,
        tally: &Tally,
    ) -> Result<(), Stopped> {
        let nothing = Write { ask, change: Change::default() };
        let (_, answer) = self.send(client, nothing).await?;
        answer.must_be(412);
        tally.outdated.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn write(
        &mut self,
        client: &mut Client,
        shared: &[String],
        label: String,
        tally: &Tally,
    ) -> Result<(), Stopped> {
        let mut write = mix::draw(&mut self.rng, &self.belongings, shared, &label);
        let with_key = self.rng.random_bool(0.5);
        let twice = self.rng.random_bool(0.1);
        if with_key {
            write.ask = write.ask.header("idempotency-key", label);
        }
        let change = write.change.clone();
        let (ask, answer) = self.send(client, write).await?;
        if answer.status == StatusCode::CONFLICT && answer.header("retry-after").is_some() {
            tally.contended.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
        assert!(answer.status.is_success(), "{ask:?}: {answer:?}");
        assert_eq!(answer.header("idempotency-replayed"), None, "{answer:?}");
        tally.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.note(&change, &answer);
        if with_key {
            self.keyed = Some((ask, answer));
            if twice {
                self.repeat(client).await.map_err(|Lost(_)| Stopped::NoAnswer)?;
            }
        }
        Ok(())
    }

    /// Sends a write, and keeps it when nobody knows what becomes of it. Gives it as it was sent, and the answer.
    async fn send(&mut self, client: &mut Client, write: Write) -> Result<(Ask, Answer), Stopped> {
        let Sent { number, ask, ended, answer } = self.journal.send(client, write.ask).await;
        match answer {
            Ok(answer) if ended != Ended::Unknown => Ok((ask, answer)),
            unknown => {
                self.unknown = Some((number, Write { ask, ..write }));
                Err(unknown.map_or(Stopped::NoAnswer, |_| Stopped::Unavailable))
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
        let (number, write) = self.unknown.take()?;
        let outcome = self
            .belongings
            .resolve(&write.change, seen)
            .unwrap_or_else(|error| panic!("{error}: {write:?}"));
        self.journal.has_ended(number, outcome.into());
        if !write.ask.has("idempotency-key") {
            return Some(outcome);
        }
        if outcome == Outcome::Absent {
            self.journal.sends_anew(number);
        }
        let (times, answer) = until_answered(client, &write.ask).await;
        assert!(answer.status.is_success(), "{write:?}: {answer:?}");
        self.journal.has_ended(number, Ended::Ok { position: answer.position() });
        let replayed = answer.header("idempotency-replayed").is_some();
        match outcome {
            Outcome::Whole => assert!(replayed, "done twice: {write:?}: {answer:?}"),
            Outcome::Absent => {
                // What was asked several times may have been done before it was answered.
                let is_first = times == 1;
                assert!(!(replayed && is_first), "said to be done, but not: {write:?}: {answer:?}");
                self.note(&write.change, &answer);
            }
        }
        self.keyed = Some((write.ask, answer));
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

/// Asks again while the answer is to come again; says how often it was asked.
async fn until_answered(client: &mut Client, ask: &Ask) -> (u32, Answer) {
    let (began, mut times) = (Instant::now(), 1);
    loop {
        let answer = client.send(ask).await.unwrap();
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return (times, answer);
        }
        assert!(began.elapsed() < SETTLED_WITHIN, "{ask}: {answer:?}");
        sleep(Duration::from_millis(200)).await;
        times += 1;
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

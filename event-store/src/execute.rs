use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::append::Outcome;
use crate::{CommandContext, EventStore, ExecuteError, StoreError, Work};

/// A command as a whole: what it reads, which aggregates it asks, and what it answers.
///
/// It may run more than once, against a newer state each time, and only the last time counts.
pub trait Transaction: Sync {
    /// What the caller gets, now and when the same key comes again.
    type Output: Serialize + DeserializeOwned + Send;
    /// Why it may be refused.
    type Refusal: Send;

    /// Loads aggregates and gives them commands.
    fn run(
        &self,
        work: &mut Work<'_>,
    ) -> impl Future<Output = Result<Self::Output, Refused<Self::Refusal>>> + Send;
}

/// Why a transaction ended early.
#[derive(Debug)]
pub enum Refused<R> {
    /// A rule said no.
    Rule(R),
    /// The store could not do its part.
    Store(StoreError),
}

impl<R> From<StoreError> for Refused<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A command that was carried out.
#[derive(Debug, Clone)]
pub struct Executed<T> {
    /// What it answers.
    pub output: T,
    /// The read models show it once they have come to here.
    pub position: i64,
    /// Whether this is the answer to an earlier request with the same key.
    pub replayed: Replayed,
}

/// Whether an answer was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// For the first time.
    No,
    /// Before, to the same request under the same key.
    Yes,
}

/// How often a command is decided again after losing a race.
const RETRIES: u32 = 3;

impl EventStore {
    /// Carries a command out: decides on cached states, appends, and decides again on the present
    /// state when another command came first.
    ///
    /// Run it in a task of its own: a caller that goes away must not leave it half done.
    ///
    /// # Errors
    /// See [`ExecuteError`]; nothing was appended, unless the database failed without an answer.
    pub async fn execute<T: Transaction>(
        &self,
        context: &CommandContext,
        transaction: &T,
    ) -> Result<Executed<T::Output>, ExecuteError<T::Refusal>> {
        let mut fresh = false;
        let mut lost = 0;
        loop {
            let mut work = Work::new(self, context, fresh);
            let output = match transaction.run(&mut work).await {
                Ok(output) => output,
                Err(Refused::Store(error)) => return Err(error.into()),
                // Another process may have moved on since the state was cached: refuse only what is so now.
                Err(Refused::Rule(_)) if work.may_be_stale() => {
                    fresh = true;
                    continue;
                }
                Err(Refused::Rule(refusal)) => return self.refuse(context, refusal).await,
            };
            if work.is_empty() && work.may_be_stale() {
                fresh = true;
                continue;
            }
            if work.is_empty() && context.key.is_none() {
                return Ok(Executed {
                    output,
                    position: work.seen_position(),
                    replayed: Replayed::No,
                });
            }
            let answer = context.key.is_some().then(|| serde_json::to_string(&output)).transpose();
            match work.commit(answer.map_err(StoreError::from)?).await? {
                Outcome::Appended { position } => {
                    return Ok(Executed { output, position, replayed: Replayed::No });
                }
                Outcome::Duplicate(stored) => return replay(context, &stored),
                Outcome::Conflict if lost < RETRIES => {
                    lost += 1;
                    fresh = true;
                }
                Outcome::Conflict => return Err(ExecuteError::Contended),
            }
        }
    }

    /// A refusal stands, unless the same request succeeded before under its key: a retried delete
    /// finds nothing to delete.
    async fn refuse<T: DeserializeOwned, R>(
        &self,
        context: &CommandContext,
        refusal: R,
    ) -> Result<Executed<T>, ExecuteError<R>> {
        match &context.key {
            Some(key) => match self.stored_answer(key.id).await? {
                Some(stored) => replay(context, &stored),
                None => Err(ExecuteError::Refused(refusal)),
            },
            None => Err(ExecuteError::Refused(refusal)),
        }
    }
}

fn replay<T: DeserializeOwned, R>(
    context: &CommandContext,
    stored: &crate::StoredAnswer,
) -> Result<Executed<T>, ExecuteError<R>> {
    let same = context.key.as_ref().is_some_and(|key| key.request_hash == stored.request_hash);
    if !same {
        return Err(ExecuteError::KeyReused);
    }
    let output = serde_json::from_str(&stored.answer).map_err(StoreError::from)?;
    Ok(Executed { output, position: stored.position, replayed: Replayed::Yes })
}

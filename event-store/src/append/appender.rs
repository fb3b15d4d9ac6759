use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, histogram};
use sqlx::{PgConnection, PgPool};
use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinSet};
use tokio::time::Instant;

use super::batch::{Answer, Batch, Refusals, stored_answer};
use super::claims::Claims;
use super::{Outcome, Pending};
use crate::StoreError;

/// How the appender behaves.
#[derive(Debug, Clone)]
pub(crate) struct AppenderConfig {
    /// How many commands may wait; more are turned away.
    pub(crate) queue: usize,
    /// How long a batch is tried while Postgres does not answer.
    pub(crate) patience: Duration,
}

/// How many batches are on their way at once: while Postgres works on one, the next is put together and
/// sent, and waits for the head's lock there. More would only make them smaller.
const IN_FLIGHT: usize = 2;

/// The one task of a process that appends: natural batching, no timer. When it is idle a command
/// goes at once; while it is busy the others queue, and all of them go next.
pub(crate) struct Appender {
    config: AppenderConfig,
    incoming: mpsc::Receiver<Pending>,
    /// Commands whose stream or key is already on its way.
    held_back: VecDeque<Pending>,
    claims: Claims,
    in_flight: JoinSet<()>,
    claimed_by: HashMap<task::Id, Claims>,
    settler: Arc<Settler>,
}

impl Appender {
    /// Starts the task; it ends when the last sender is dropped.
    pub(crate) fn spawn(
        pool: PgPool,
        config: AppenderConfig,
        head: Arc<watch::Sender<i64>>,
    ) -> mpsc::Sender<Pending> {
        let (sender, incoming) = mpsc::channel(config.queue);
        let appender = Self {
            settler: Arc::new(Settler { pool, patience: config.patience, head }),
            config,
            incoming,
            held_back: VecDeque::new(),
            claims: Claims::default(),
            in_flight: JoinSet::new(),
            claimed_by: HashMap::new(),
        };
        tokio::spawn(appender.run());
        sender
    }

    async fn run(mut self) {
        let mut open = true;
        while open || !self.held_back.is_empty() || !self.in_flight.is_empty() {
            if self.in_flight.len() < IN_FLIGHT {
                let batch = self.collect();
                if !batch.is_empty() {
                    self.send(batch);
                    continue;
                }
            }
            tokio::select! {
                Some(settled) = self.in_flight.join_next_with_id() => {
                    let id = match settled {
                        Ok((id, ())) => id,
                        // Its commands are told that the store is closed; the others go on.
                        Err(error) => {
                            tracing::error!(%error, "appending a batch panicked");
                            error.id()
                        }
                    };
                    if let Some(claims) = self.claimed_by.remove(&id) {
                        self.claims.release(&claims);
                    }
                }
                command = self.incoming.recv(), if open && self.may_take() => match command {
                    Some(command) => self.held_back.push_back(command),
                    None => open = false,
                },
            }
        }
    }

    /// Whether another command may leave the queue. Those that were held back count as waiting too.
    fn may_take(&self) -> bool {
        self.in_flight.len() < IN_FLIGHT && self.held_back.len() < self.config.queue
    }

    /// Everything that waits and can go now, up to the caps.
    fn collect(&mut self) -> Batch {
        let mut batch = Batch::default();
        for command in std::mem::take(&mut self.held_back) {
            self.take_in(&mut batch, command);
        }
        while !batch.is_full() && self.may_take() {
            let Ok(command) = self.incoming.try_recv() else { break };
            self.take_in(&mut batch, command);
        }
        batch
    }

    fn take_in(&mut self, batch: &mut Batch, command: Pending) {
        if batch.is_full() || !self.claims.claim(&command) {
            self.held_back.push_back(command);
        } else {
            batch.push(command);
        }
    }

    fn send(&mut self, batch: Batch) {
        histogram!("trainer_append_batch_commands").record(batch.commands.len() as f64);
        let settler = Arc::clone(&self.settler);
        let claims = Claims::of(&batch.commands);
        let task = self.in_flight.spawn(async move { settler.settle(batch).await });
        self.claimed_by.insert(task.id(), claims);
    }
}

/// What appends one batch and answers its commands.
struct Settler {
    pool: PgPool,
    patience: Duration,
    head: Arc<watch::Sender<i64>>,
}

impl Settler {
    /// Appends a batch and answers each of its commands. Those that cannot be appended are taken out
    /// and answered, so that they hurt nobody else.
    async fn settle(&self, mut batch: Batch) {
        let deadline = Instant::now() + self.patience;
        let mut outcome_unknown = false;
        while !batch.is_empty() {
            match self.attempt(&batch, outcome_unknown).await {
                Ok(Answer::Appended { head }) => return self.answer_appended(batch, head),
                Ok(Answer::Refused(refusals)) => {
                    outcome_unknown = false;
                    batch = self.take_out(batch, refusals).await;
                }
                Err(error) if is_temporary(&error) && Instant::now() < deadline => {
                    // No answer came: the batch is stored as a whole or not at all. The next attempt finds out.
                    outcome_unknown = true;
                    counter!("trainer_append_retries_total").increment(1);
                    tracing::warn!(%error, "append got no answer, trying again");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => {
                    tracing::error!(%error, commands = batch.commands.len(), "append failed");
                    let error = StoreError::from(error);
                    return answer_all(batch, |_| Err(error.clone()));
                }
            }
        }
    }

    async fn attempt(&self, batch: &Batch, outcome_unknown: bool) -> sqlx::Result<Answer> {
        let mut connection = self.pool.acquire().await?;
        let answer = batch.append(&mut connection).await?;
        if let (true, Answer::Refused(_)) = (outcome_unknown, &answer)
            && let Some(head) = batch.appended_before(&mut connection).await?
        {
            return Ok(Answer::Appended { head });
        }
        Ok(answer)
    }

    fn answer_appended(&self, batch: Batch, head: i64) {
        let mut position = head;
        for command in batch.commands {
            position += command.event_count() as i64;
            // A caller that went away does not mind.
            let _gone = command.reply.send(Ok(Outcome::Appended { position }));
        }
        counter!("trainer_events_appended_total").increment((position - head).unsigned_abs());
        self.head.send_if_modified(|head| {
            let later = position > *head;
            *head = position.max(*head);
            later
        });
    }

    async fn take_out(&self, batch: Batch, refusals: Refusals) -> Batch {
        let set = |indexes: Vec<usize>| indexes.into_iter().collect::<HashSet<_>>();
        let conflicts = set(refusals.conflicts);
        let duplicates = set(refusals.duplicates);
        let erased = set(refusals.erased);
        counter!("trainer_append_conflicts_total").increment(conflicts.len() as u64);
        let mut rest = Batch::default();
        for (index, command) in batch.commands.into_iter().enumerate() {
            if erased.contains(&index) {
                drop(command.reply.send(Err(StoreError::OwnerErased)));
                continue;
            }
            // A duplicate first: its streams have moved on because of its own first time.
            let stored = if duplicates.contains(&index) || conflicts.contains(&index) {
                self.stored(&command).await
            } else {
                Ok(None)
            };
            match stored {
                Err(error) => drop(command.reply.send(Err(error.into()))),
                Ok(Some(outcome)) => drop(command.reply.send(Ok(outcome))),
                Ok(None) if conflicts.contains(&index) => {
                    drop(command.reply.send(Ok(Outcome::Conflict)))
                }
                Ok(None) => rest.push(command),
            }
        }
        rest
    }

    /// What is stored under a command's key, when it has one.
    async fn stored(&self, command: &Pending) -> sqlx::Result<Option<Outcome>> {
        let Some(keyed) = &command.keyed else { return Ok(None) };
        let mut connection: sqlx::pool::PoolConnection<sqlx::Postgres> =
            self.pool.acquire().await?;
        let connection: &mut PgConnection = &mut connection;
        Ok(stored_answer(connection, keyed.id).await?.map(Outcome::Duplicate))
    }
}

fn answer_all(batch: Batch, answer: impl Fn(&Pending) -> Result<Outcome, StoreError>) {
    for command in batch.commands {
        let answer = answer(&command);
        let _gone = command.reply.send(answer);
    }
}

/// Whether Postgres may answer a moment later: it is away, starting, full or shutting down.
fn is_temporary(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // 08 connection, 53300 too many connections, 57P0x shutdown or start, 40 rolled back by the server.
            code.starts_with("08")
                || code.starts_with("57P0")
                || code.starts_with("40")
                || code == "53300"
        }),
        _other => false,
    }
}

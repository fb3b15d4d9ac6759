use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, histogram};
use sqlx::PgPool;
use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinSet};

use super::Pending;
use super::batch::Batch;
use super::batcher::Batcher;
use super::claims::Claims;
use super::postgres::Postgres;
use super::settle::settle;
use crate::StoreError;

/// How the appender behaves.
#[derive(Debug, Clone)]
pub(crate) struct AppenderConfig {
    /// How many commands may wait; more are turned away.
    pub(crate) queue: usize,
    /// How long a batch is tried while Postgres does not answer.
    pub(crate) patience: Duration,
}

/// The one task of a process that appends: it carries out what the batcher decides.
pub(crate) struct Appender {
    incoming: mpsc::Receiver<Pending>,
    batcher: Batcher,
    in_flight: JoinSet<()>,
    claimed_by: HashMap<task::Id, Claims>,
    postgres: Arc<Postgres>,
    patience: Duration,
    head: Arc<watch::Sender<i64>>,
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
            incoming,
            batcher: Batcher::new(config.queue),
            in_flight: JoinSet::new(),
            claimed_by: HashMap::new(),
            postgres: Arc::new(Postgres { pool }),
            patience: config.patience,
            head,
        };
        tokio::spawn(appender.run());
        sender
    }

    async fn run(mut self) {
        let mut open = true;
        while open || !self.batcher.is_idle() {
            if let Some((batch, claims)) = self.batcher.next_batch(|| self.incoming.try_recv().ok())
            {
                self.send(batch, claims);
                continue;
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
                        self.batcher.settled(&claims);
                    }
                }
                command = self.incoming.recv(), if open && self.batcher.may_take() => match command {
                    Some(command) => self.batcher.arrived(command),
                    None => open = false,
                },
            }
        }
    }

    fn send(&mut self, mut batch: Batch, claims: Claims) {
        for late in batch.take_late() {
            counter!("trainer_append_late_total").increment(1);
            // Who asked may be gone.
            let _gone = late.reply.send(Err(StoreError::Late));
        }
        if batch.is_empty() {
            self.batcher.settled(&claims);
            return;
        }
        histogram!("trainer_append_batch_commands").record(batch.commands.len() as f64);
        let (postgres, patience) = (Arc::clone(&self.postgres), self.patience);
        let head = Arc::clone(&self.head);
        let task = self.in_flight.spawn(async move {
            if let Some(position) = settle(&*postgres, patience, batch).await {
                head.send_if_modified(|head| {
                    let later = position > *head;
                    *head = position.max(*head);
                    later
                });
            }
        });
        self.claimed_by.insert(task.id(), claims);
    }
}

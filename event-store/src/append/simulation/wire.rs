//! The way from a process to Postgres, where everything may be lost.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::model::{Sheet, Sought};
use crate::StoredAnswer;
use crate::append::batch::{Answer, Batch};
use crate::append::columns::{AppendRow, Columns};
use crate::append::ledger::{Ledger, NoAnswer};

/// What a process asks for, and where its answer goes.
pub(super) struct Call {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<sqlx::Result<Told>>,
}

pub(super) enum Ask {
    Append(Sheet),
    Find(Vec<Sought>),
    StoredAnswer(Uuid),
    Pause(Duration),
}

pub(super) enum Told {
    Rows(Vec<AppendRow>),
    Found(Option<i64>),
    Stored(Option<StoredAnswer>),
    TimeHasPassed,
}

/// One process's end of the wire, and its clock.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) calls: Arc<Mutex<Vec<Call>>>,
    pub(super) clock: Arc<Mutex<Instant>>,
}

impl Wire {
    async fn ask(&self, ask: Ask) -> sqlx::Result<Told> {
        let (reply, answer) = oneshot::channel();
        self.calls.lock().unwrap().push(Call { ask, reply });
        answer.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Ledger for Wire {
    async fn append(&self, batch: &Batch) -> Result<Answer, NoAnswer> {
        let columns = Columns::of(&batch.commands);
        match self.ask(Ask::Append(Sheet::of(&columns))).await? {
            Told::Rows(rows) => Ok(columns.answer(rows)),
            _other => unreachable!("an append is answered with rows"),
        }
    }

    async fn appended_before(&self, batch: &Batch) -> sqlx::Result<Option<i64>> {
        let traces = batch.traces().map(|trace| Sought {
            stream: trace.aggregate_id.parse().unwrap(),
            sequence: trace.sequence,
            event_id: trace.event_id,
            events_before: trace.events_before,
        });
        match self.ask(Ask::Find(traces.collect())).await? {
            Told::Found(head) => Ok(head),
            _other => unreachable!("a search is answered with a position"),
        }
    }

    async fn stored_answer(&self, key: Uuid) -> sqlx::Result<Option<StoredAnswer>> {
        match self.ask(Ask::StoredAnswer(key)).await? {
            Told::Stored(stored) => Ok(stored),
            _other => unreachable!("a key is answered with what is stored"),
        }
    }

    fn now(&self) -> Instant {
        *self.clock.lock().unwrap()
    }

    async fn pause(&self, time: Duration) {
        let _over = self.ask(Ask::Pause(time)).await;
    }
}

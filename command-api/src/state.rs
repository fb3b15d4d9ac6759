use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use domain::Part;
use event_store::{CommandContext, EventStore, Transaction};
use service::{JsonBody, Problem, ReadModels, Waited, in_time};
use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::Done;
use crate::error;
use crate::transactions::Refusal;
use crate::write_request::WriteRequest;

/// How long a write may have to wait until its append begins. That is tried for up to seven seconds, so what came of it is
/// known before the client is told to come again, and what is begun later is not begun at all.
const BEGUN_WITHIN: Duration = Duration::from_secs(7);

/// When a client is asked to come again that a silent Postgres has kept waiting.
const RETRY_AFTER_S: u64 = 5;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the writes work with. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct CommandState {
    /// Where events are appended.
    pub store: EventStore,
    /// Who knows when the read models show them.
    pub read_models: ReadModels,
    /// Which day it is, for the rules that ask.
    pub clock: Clock,
}

impl CommandState {
    /// The date in UTC.
    pub(crate) fn today(&self) -> NaiveDate {
        (self.clock)().date_naive()
    }

    /// Carries a command out, and waits until reads show it, as long as the client cares to.
    ///
    /// # Errors
    /// Why it was not carried out, as a client is told.
    pub async fn carry_out<T>(
        &self,
        request: WriteRequest,
        body: Option<&JsonBody>,
        transaction: T,
    ) -> Result<Done<T::Output>, Problem>
    where
        T: Transaction<Refusal = Refusal> + Send + 'static,
        T::Output: 'static,
    {
        let context =
            CommandContext { until: Some(Instant::now() + BEGUN_WITHIN), ..request.context(body) };
        let part = Part::of(request.acting.owner);
        let store = self.store.clone();
        // In a task of its own: a client that hangs up cancels nothing.
        let command = async move { store.execute(&context, &transaction).await };
        let executed = in_time(tokio::spawn(command.in_current_span()))
            .await
            .map_err(|_late| error::may_be_done(RETRY_AFTER_S))?
            .map_err(|cause| {
                tracing::error!(%cause, "command did not end");
                Problem::internal()
            })?
            .map_err(|cause| error::problem(cause, &request.acting))?;
        let position = executed.position.unsigned_abs();
        let waited = match request.prefer.consistency_wait() {
            Some(timeout) => self.read_models.wait_for(part, position, timeout).await,
            None if self.read_models.position(part) >= position => Waited::Reached,
            None => Waited::TimedOut,
        };
        Ok(Done::new(executed, waited, request.prefer))
    }
}

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;

use super::batch::{Answer, Batch, Refusals};
use super::ledger::{Ledger, NoAnswer};
use super::{Outcome, Pending};
use crate::StoreError;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(100);

/// Appends a batch and answers each of its commands; the last position, when something was appended.
/// Commands that cannot be appended are taken out and answered, so that they hurt nobody else.
pub(super) async fn settle(
    ledger: &impl Ledger,
    patience: Duration,
    mut batch: Batch,
) -> Option<i64> {
    let deadline = ledger.now() + patience;
    let mut outcome_unknown = false;
    let mut may_be_stored = false;
    while !batch.is_empty() {
        match attempt(ledger, &batch, outcome_unknown).await {
            Ok(Answer::Appended { head }) => return Some(answer_appended(batch, head)),
            Ok(Answer::Refused(refusals)) => {
                outcome_unknown = false;
                may_be_stored = false;
                batch = take_out(ledger, batch, refusals).await;
            }
            Err(NoAnswer { cause, may_be_stored: maybe })
                if is_temporary(&cause) && ledger.now() < deadline =>
            {
                // No answer came: the batch is stored as a whole or not at all. The next attempt finds out.
                outcome_unknown = true;
                may_be_stored |= maybe;
                counter!("trainer_append_retries_total").increment(1);
                tracing::warn!(error = %cause, "append got no answer, trying again");
                ledger.pause(PAUSE).await;
            }
            Err(NoAnswer { cause, may_be_stored: maybe }) => {
                tracing::error!(error = %cause, commands = batch.commands.len(), "append failed");
                let error = match may_be_stored || maybe {
                    true => StoreError::Unanswered(Arc::new(cause)),
                    false => StoreError::from(cause),
                };
                answer_failed(batch, &error);
                return None;
            }
        }
    }
    None
}

async fn attempt(
    ledger: &impl Ledger,
    batch: &Batch,
    outcome_unknown: bool,
) -> Result<Answer, NoAnswer> {
    let answer = ledger.append(batch).await?;
    if let (true, Answer::Refused(_)) = (outcome_unknown, &answer)
        && let Some(head) = ledger.appended_before(batch).await?
    {
        return Ok(Answer::Appended { head });
    }
    Ok(answer)
}

fn answer_appended(batch: Batch, head: i64) -> i64 {
    let mut position = head;
    for command in batch.commands {
        position += command.event_count() as i64;
        // A caller that went away does not mind.
        let _gone = command.reply.send(Ok(Outcome::Appended { position }));
    }
    counter!("trainer_events_appended_total").increment((position - head).unsigned_abs());
    position
}

fn answer_failed(batch: Batch, error: &StoreError) {
    for command in batch.commands {
        let _gone = command.reply.send(Err(error.clone()));
    }
}

async fn take_out(ledger: &impl Ledger, batch: Batch, refusals: Refusals) -> Batch {
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
            stored(ledger, &command).await
        } else {
            Ok(None)
        };
        match stored {
            // It is stored, as its key is.
            Err(error) if duplicates.contains(&index) => {
                drop(command.reply.send(Err(StoreError::Unanswered(Arc::new(error)))));
            }
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
async fn stored(ledger: &impl Ledger, command: &Pending) -> sqlx::Result<Option<Outcome>> {
    let Some(keyed) = &command.keyed else { return Ok(None) };
    Ok(ledger.stored_answer(keyed.id).await?.map(Outcome::Duplicate))
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

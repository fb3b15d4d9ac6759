use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use domain::{OwnerId, RunId};
use event_store::{
    CommandContext, EventStore, ExecuteError, Executed, Replayed, StoreConfig, StoreError, head,
};
use futures::future::join_all;
use tokio::task::yield_now;
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use crate::commands::{Record, Refusal, execute, keyed, owner};
use crate::database::{HeldUp, database, waiting_appends};

/// How many may wait in the queue.
const QUEUE: usize = 4;

/// And no more than this beside it, on their way or held back.
const BESIDE_IT: usize = 8;

type Outcome = Result<Executed<RunId>, ExecuteError<Refusal>>;
type Command<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

#[tokio::test]
async fn a_full_queue_turns_commands_away_at_once_and_keeps_those_it_took() {
    let pool = database().await;
    let (store, owner) = (store(&pool), owner());
    let held_up = HeldUp::appends_to(&pool).await;

    let taken =
        fill(|| Box::pin(async { execute(&store, owner, &Record::new(owner)).await })).await;
    waiting_appends(&pool).await;
    held_up.release().await;

    let count = taken.len() as i64;
    for outcome in join_all(taken).await {
        outcome.unwrap();
    }
    assert_eq!(head(&pool).await.unwrap(), count, "what was turned away left nothing");
    execute(&store, owner, &Record::new(owner)).await.unwrap();
}

#[tokio::test]
async fn commands_that_wait_for_one_another_fill_the_queue_too() {
    let pool = database().await;
    let (store, owner, key) = (store(&pool), owner(), Uuid::now_v7());
    let held_up = HeldUp::appends_to(&pool).await;

    // All with one key: only one of them can be on its way.
    let taken = fill(|| Box::pin(record_under(&store, owner, key))).await;
    held_up.release().await;

    let outcomes: Vec<_> = join_all(taken).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.replayed == Replayed::No).count(), 1);
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_command_that_waits_for_longer_than_its_caller_is_never_stored() {
    let pool = database().await;
    let (store, owner, key) =
        (EventStore::new(pool.clone(), StoreConfig::default()), owner(), Uuid::now_v7());
    let held_up = HeldUp::appends_to(&pool).await;
    let first = record_under(&store, owner, key);
    let waits_for_it = async {
        waiting_appends(&pool).await;
        // With the same key, so that it cannot be sent before the first has come through.
        let until = Some(Instant::now() + Duration::from_millis(100));
        let context = CommandContext { until, ..keyed(owner, key, "record") };
        let record = Record::new(owner);
        let (outcome, ()) = futures::join!(store.execute(&context, &record), async {
            sleep(Duration::from_millis(300)).await;
            held_up.release().await;
        });
        outcome
    };
    let (first, late) = futures::join!(first, waits_for_it);
    first.unwrap();
    assert!(matches!(late, Err(ExecuteError::Store(StoreError::Late))), "{late:?}");
    assert_eq!(head(&pool).await.unwrap(), 1);
}

fn store(pool: &sqlx::PgPool) -> EventStore {
    EventStore::new(pool.clone(), StoreConfig { queue: QUEUE, ..StoreConfig::default() })
}

async fn record_under(store: &EventStore, owner: OwnerId, key: Uuid) -> Outcome {
    store.execute(&keyed(owner, key, "record"), &Record::new(owner)).await
}

/// Gives commands, which need nothing but the queue, until one is turned away, and then some more.
async fn fill<'a>(command: impl Fn() -> Command<'a>) -> Vec<Command<'a>> {
    let mut taken = Vec::new();
    loop {
        let mut command = command();
        match futures::poll!(&mut command) {
            Poll::Pending => taken.push(command),
            Poll::Ready(outcome) => {
                is_overloaded(&outcome);
                break;
            }
        }
        assert!(taken.len() <= QUEUE + BESIDE_IT, "the queue has no end");
        // What takes commands out of the queue gets its chance.
        for _ in 0..10 {
            yield_now().await;
        }
    }
    assert!(taken.len() >= QUEUE, "the queue is too short: {}", taken.len());
    for _ in 0..10 {
        match futures::poll!(&mut command()) {
            Poll::Ready(outcome) => is_overloaded(&outcome),
            Poll::Pending => panic!("a full queue lets nobody wait"),
        }
    }
    taken
}

fn is_overloaded(outcome: &Outcome) {
    assert!(matches!(outcome, Err(ExecuteError::Store(StoreError::Overloaded))), "{outcome:?}");
}

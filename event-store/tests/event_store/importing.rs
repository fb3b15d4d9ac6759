//! The events of one store fill another, as they are or not at all.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::plan::Plan;
use domain::{OwnerId, Part, PlanId, WorkoutId};
use event_store::{
    CommandContext, EventStore, ExecuteError, Fault, Import, ImportError, Imported, RecordedEvent,
    StoreConfig, StoreError, begin_erasure, complete_erasure, head, remove_events_of,
    unfinished_erasures,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::{Look, Record, create, execute, owner, rename, schedule};
use crate::database::{all_events, database};

#[tokio::test]
async fn a_store_is_filled_with_what_another_has_recorded_and_goes_on() {
    let from = database().await;
    let (ann, bob) = (owner(), owner());
    let plan_id = PlanId(Uuid::now_v7());
    let store = EventStore::new(from.clone(), StoreConfig::default());
    execute(&store, ann, &create(plan_id, ann)).await.unwrap();
    execute(&store, bob, &Record::new(bob)).await.unwrap();
    execute(&store, ann, &schedule(plan_id, WorkoutId(Uuid::now_v7()))).await.unwrap();
    execute(&store, bob, &Record::new(bob)).await.unwrap();
    erase(&from, bob).await;
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    let events = all_events(&from).await;
    assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 3, 5, 6]);

    let to = database().await;
    // In batches of any size.
    let mut import = Import::begin(&to).await.unwrap();
    import.add(&events[..1]).await.unwrap();
    import.add(&[]).await.unwrap();
    import.add(&events[1..]).await.unwrap();
    assert_eq!(import.finish().await.unwrap(), Imported { events: 4, head: 6, erasures: 1 });

    assert_eq!(all_events(&to).await, events);
    assert_eq!(head(&to).await.unwrap(), 6);
    assert_eq!(unfinished_erasures(&to).await.unwrap(), []);
    let copy = EventStore::new(to.clone(), StoreConfig::default());
    let look = Look::<Plan>::at(plan_id.0);
    assert_eq!(
        execute(&copy, ann, &look).await.unwrap().output,
        execute(&store, ann, &look).await.unwrap().output
    );
    let refused = execute(&copy, bob, &Record::new(bob)).await;
    assert!(
        matches!(refused, Err(ExecuteError::Store(StoreError::OwnerErased))),
        "nothing comes back for who was erased: {refused:?}"
    );
    execute(&copy, ann, &rename(plan_id, "Autumn")).await.unwrap();
    assert_eq!(all_events(&to).await.last().map(|event| event.position), Some(7));
}

/// Written down in the moment between the tombstone and the removal.
#[tokio::test]
async fn events_of_the_erased_that_come_along_are_left_to_the_worker() {
    let from = database().await;
    let [left, clean] = [owner(), owner()];
    let store = EventStore::new(from.clone(), StoreConfig::default());
    for owner in [left, clean] {
        execute(&store, owner, &Record::new(owner)).await.unwrap();
    }
    erase(&from, clean).await;
    let mut transaction = from.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(left, "test")).await.unwrap();
    transaction.commit().await.unwrap();

    let to = database().await;
    let imported = import(&to, &all_events(&from).await).await.unwrap();
    assert_eq!(imported, Imported { events: 3, head: 4, erasures: 2 });
    assert_eq!(unfinished_erasures(&to).await.unwrap(), [erasure]);
    assert_eq!(remove_events_of(&to, &erasure).await.unwrap(), 1);
}

/// Written down in the middle of the removal: the later events of a stream come along, the earlier ones do not.
#[tokio::test]
async fn half_a_stream_of_the_erased_is_left_to_the_worker() {
    let from = database().await;
    let (ann, bob) = (owner(), owner());
    let plan_id = PlanId(Uuid::now_v7());
    let store = EventStore::new(from.clone(), StoreConfig::default());
    execute(&store, ann, &create(plan_id, ann)).await.unwrap();
    execute(&store, bob, &Record::new(bob)).await.unwrap();
    execute(&store, ann, &rename(plan_id, "Autumn")).await.unwrap();
    let before = all_events(&from).await;
    erase(&from, ann).await;
    let tombstone = all_events(&from).await.pop().unwrap();

    let to = database().await;
    let half = [before[1].clone(), before[2].clone(), tombstone];
    let imported = import(&to, &half).await.unwrap();
    assert_eq!(imported, Imported { events: 3, head: 4, erasures: 1 });
    let [erasure] = unfinished_erasures(&to).await.unwrap()[..] else { panic!("it is forgotten") };
    assert_eq!(remove_events_of(&to, &erasure).await.unwrap(), 1);
}

#[tokio::test]
async fn an_empty_export_changes_nothing() {
    let pool = database().await;
    let imported = import(&pool, &[]).await.unwrap();
    assert_eq!(imported, Imported { events: 0, head: 0, erasures: 0 });
    let ann = owner();
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    assert_eq!(head(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_with_events_is_not_filled() {
    let pool = database().await;
    let ann = owner();
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    let before = all_events(&pool).await;
    let refused = Import::begin(&pool).await;
    assert!(matches!(refused, Err(ImportError::NotEmpty { head: 1 })), "{refused:?}");
    assert_eq!(all_events(&pool).await, before);
}

#[tokio::test]
async fn an_import_that_ends_early_leaves_nothing_and_holds_nobody_up() {
    let events = history().await;
    let pool = database().await;
    let mut import = Import::begin(&pool).await.unwrap();
    import.add(&events).await.unwrap();
    drop(import);
    let ann = owner();
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    let stored: Vec<_> = all_events(&pool).await.iter().map(|event| event.owner_id).collect();
    assert_eq!(stored, [ann]);
}

/// One store is enough for all of them, because each must leave it empty.
#[tokio::test]
async fn what_no_store_has_recorded_is_refused_with_its_number() {
    let good = history().await;
    let pool = database().await;
    let mut seen = BTreeSet::new();
    for (what, number, wrong) in wrong_histories(&good) {
        let (said, fault) = match import(&pool, &wrong).await {
            Err(ImportError::Event { number, fault }) => (number, fault),
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!((said, kind(&fault)), (number, what), "{fault}");
        assert_eq!((head(&pool).await.unwrap(), all_events(&pool).await), (0, vec![]), "{what}");
        seen.insert(what);
    }
    assert_eq!(seen.len(), 15, "{seen:?}");
    import(&pool, &good).await.unwrap();
}

fn wrong_histories(good: &[RecordedEvent]) -> Vec<(&'static str, u64, Vec<RecordedEvent>)> {
    let changed = |index: usize, change: &dyn Fn(&mut RecordedEvent)| {
        let mut events = good.to_vec();
        change(&mut events[index]);
        events
    };
    let without = |index: usize| {
        let mut events = good.to_vec();
        events.remove(index);
        events
    };
    let mut swapped = good.to_vec();
    swapped.swap(2, 3);
    let mut renumbered = good.to_vec();
    (renumbered[0].sequence, renumbered[2].sequence) = (2, 1);
    let json = |text: &'static str| Bytes::from_static(text.as_bytes());
    let stranger = owner();
    let of_stranger = |index: usize| {
        changed(index, &|event| (event.owner_id, event.part) = (stranger, Part::of(stranger)))
    };
    let late = RecordedEvent { position: 7, event_id: Uuid::now_v7(), ..good[1].clone() };
    let behind_a_gap = RecordedEvent { position: 8, ..of_another_run(&late) };
    let (tombstone, mut after_tombstone) = (&good[5], good.to_vec());
    after_tombstone.push(RecordedEvent {
        owner_id: tombstone.owner_id,
        part: tombstone.part,
        ..late.clone()
    });
    let part = Part::all().find(|part| *part != good[0].part).unwrap();
    vec![
        ("position", 4, swapped),
        ("position", 2, changed(1, &|event| event.position = 1)),
        ("position", 1, changed(0, &|event| event.position = 0)),
        // The tombstone at 6 explains what is missing before it, not what is missing behind it.
        ("missing", 7, [good, &[behind_a_gap]].concat()),
        ("sequence", 2, without(0)),
        ("sequence", 1, renumbered),
        ("sequence taken", 3, changed(2, &|event| event.sequence = 1)),
        ("sequence taken", 7, [good, &[late]].concat()),
        ("id taken", 4, changed(3, &|event| event.event_id = good[1].event_id)),
        ("part", 1, changed(0, &|event| event.part = part)),
        ("aggregate type", 2, changed(1, &|event| event.aggregate_type = json("walk"))),
        ("payload", 2, changed(1, &|event| event.event_type = json("run.walked"))),
        ("payload", 2, changed(1, &|event| event.event_version = json("2"))),
        ("payload", 2, changed(1, &|event| event.payload = json("{}"))),
        ("payload", 2, changed(1, &|event| event.payload = json("no JSON"))),
        ("metadata", 2, changed(1, &|event| event.metadata = json(r#"{"actor_id": 7}"#))),
        ("erased", 7, after_tombstone),
        ("tombstone", 6, of_stranger(5)),
        ("aggregate", 2, changed(1, &|event| event.aggregate_id = Uuid::now_v7())),
        ("aggregate", 3, changed(2, &|event| event.aggregate_id = Uuid::now_v7())),
        ("aggregate", 6, changed(5, &|event| event.aggregate_id = Uuid::now_v7())),
        ("owner", 1, of_stranger(0)),
        ("owner", 2, of_stranger(1)),
        ("second owner", 3, of_stranger(2)),
        ("refused", 2, changed(1, &|event| event.sequence = 0)),
    ]
}

fn of_another_run(event: &RecordedEvent) -> RecordedEvent {
    let run_id = Uuid::now_v7();
    let payload = std::str::from_utf8(&event.payload).unwrap();
    let payload = payload.replace(&event.aggregate_id.to_string(), &run_id.to_string());
    RecordedEvent { aggregate_id: run_id, payload: payload.into(), ..event.clone() }
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Position { .. } => "position",
        Fault::Missing { .. } => "missing",
        Fault::Sequence { .. } => "sequence",
        Fault::SequenceTaken { .. } => "sequence taken",
        Fault::SecondOwner { .. } => "second owner",
        Fault::Aggregate { .. } => "aggregate",
        Fault::Owner { .. } => "owner",
        Fault::IdTaken(_) => "id taken",
        Fault::Part { .. } => "part",
        Fault::AggregateType(_) => "aggregate type",
        Fault::Payload(_) => "payload",
        Fault::Metadata(_) => "metadata",
        Fault::Erased { .. } => "erased",
        Fault::Tombstone { .. } => "tombstone",
        Fault::Refused(_) => "refused",
    }
}

/// Six events: a plan's at 1 and 3, runs at 2, 4 and 5, and at 6 the tombstone of somebody who never did anything.
async fn history() -> Vec<RecordedEvent> {
    let pool = database().await;
    let store = EventStore::new(pool.clone(), StoreConfig::default());
    let ann = owner();
    let plan_id = PlanId(Uuid::now_v7());
    execute(&store, ann, &create(plan_id, ann)).await.unwrap();
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    execute(&store, ann, &rename(plan_id, "Autumn")).await.unwrap();
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    execute(&store, ann, &Record::new(ann)).await.unwrap();
    erase(&pool, owner()).await;
    all_events(&pool).await
}

async fn import(pool: &PgPool, events: &[RecordedEvent]) -> Result<Imported, ImportError> {
    let mut import = Import::begin(pool).await?;
    import.add(events).await?;
    import.finish().await
}

async fn erase(pool: &PgPool, owner: OwnerId) {
    let mut transaction = pool.begin().await.unwrap();
    let erasure =
        begin_erasure(&mut transaction, &CommandContext::new(owner, "test")).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(pool, &erasure).await.unwrap();
    complete_erasure(pool, owner).await.unwrap();
}

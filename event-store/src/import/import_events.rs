use std::collections::{BTreeMap, HashMap};

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::plan::Plan;
use domain::plan_export::PlanExport;
use domain::run::Run;
use domain::user::UserEvent;
use domain::{OwnerId, Part};
use sqlx::postgres::PgDatabaseError;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::copy_row::{COLUMNS, put_event, put_header, put_trailer};
use super::gaps::Gaps;
use super::said::Said;
use super::streams::{check_ids, check_streams};
use super::{Fault, ImportError};
use crate::RecordedEvent;

/// Filling an empty store with the events of another one: positions, ids and times stay.
///
/// Everything happens in one transaction, which ends with [`Import::finish`]: dropped before, nothing was stored. No
/// command is stored in between; those that come wait.
#[derive(Debug)]
pub struct Import {
    connection: PgConnection,
    /// What is sent next.
    buffer: BytesMut,
    /// How many events were taken.
    events: u64,
    /// The last one's position.
    last: i64,
    /// Those who were erased, and where their tombstones are.
    erased: HashMap<OwnerId, Tombstone>,
    gaps: Gaps,
}

#[derive(Debug, Clone, Copy)]
struct Tombstone {
    position: i64,
    recorded_at: DateTime<Utc>,
}

/// What an import has stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// How many events.
    pub events: u64,
    /// The last one's position.
    pub head: i64,
    /// How many of them say that somebody was erased.
    pub erasures: u64,
}

impl Import {
    /// Begins, and holds up all appends.
    ///
    /// # Errors
    /// When there are events already, or the database fails.
    pub async fn begin(pool: &PgPool) -> Result<Self, ImportError> {
        // A connection of its own: dropped, it takes the transaction with it. Its statements may take their time.
        let options = (*pool.connect_options()).clone().disable_statement_logging();
        let mut connection = options.connect().await?;
        // Events may come slowly, and there is nobody yet whom this keeps waiting.
        connection.execute("begin; set local idle_in_transaction_session_timeout = 0").await?;
        let head = sqlx::query_scalar!("select position from es.head where id = 0 for update")
            .fetch_one(&mut connection)
            .await?;
        if head > 0 {
            return Err(ImportError::NotEmpty { head });
        }
        Ok(Self {
            connection,
            buffer: BytesMut::new(),
            events: 0,
            last: 0,
            erased: HashMap::new(),
            gaps: Gaps::default(),
        })
    }

    /// Takes the next events, in the order of their positions.
    ///
    /// # Errors
    /// When one of them cannot be what a store has recorded, or the database fails. Nothing is stored then.
    pub async fn add(&mut self, events: &[RecordedEvent]) -> Result<(), ImportError> {
        let before = self.events;
        put_header(&mut self.buffer);
        for event in events {
            let number = self.events + 1;
            self.check(number, event).map_err(|fault| ImportError::Event { number, fault })?;
            put_event(&mut self.buffer, event);
            (self.events, self.last) = (number, event.position);
        }
        put_trailer(&mut self.buffer);
        let data = self.buffer.split().freeze();
        if let Err(error) = self.send(&data).await {
            return Err(refused(error, before, events));
        }
        Ok(())
    }

    async fn send(&mut self, data: &[u8]) -> sqlx::Result<()> {
        let statement = format!("copy es.events ({COLUMNS}) from stdin (format binary)");
        let mut copy = self.connection.copy_in_raw(&statement).await?;
        copy.send(data).await?;
        copy.finish().await?;
        Ok(())
    }

    fn check(&mut self, number: u64, event: &RecordedEvent) -> Result<(), Fault> {
        let RecordedEvent { position, owner_id: owner, part, .. } = *event;
        if position <= self.last {
            return Err(Fault::Position { position, after: self.last });
        }
        self.gaps.pass(number, self.last, position);
        let right = Part::of(owner);
        if part != right {
            return Err(Fault::Part { part, right });
        }
        if let Some(tombstone) = self.erased.get(&owner) {
            return Err(Fault::Erased { owner, tombstone: tombstone.position });
        }
        serde_json::from_slice::<BTreeMap<String, String>>(&event.metadata)
            .map_err(Fault::Metadata)?;
        let said = match event.aggregate_type() {
            Plan::TYPE => Said::by_plan(&event.decode()?),
            Run::TYPE => Said::by_run(&event.decode()?),
            PlanExport::TYPE => Said::by_plan_export(&event.decode()?),
            UserEvent::AGGREGATE => match event.decode()? {
                UserEvent::Erased(erased) => {
                    if erased.user_id != owner {
                        return Err(Fault::Tombstone { erased: erased.user_id, owner });
                    }
                    let tombstone = Tombstone { position, recorded_at: event.recorded_at };
                    self.erased.insert(owner, tombstone);
                    self.gaps.explained();
                    Said { aggregate: owner.0, owner: Some(owner) }
                }
            },
            unknown => return Err(Fault::AggregateType(unknown.to_owned())),
        };
        if said.aggregate != event.aggregate_id {
            let (said, aggregate_id) = (said.aggregate, event.aggregate_id);
            return Err(Fault::Aggregate { said, aggregate_id });
        }
        match said.owner {
            Some(said) if said != owner => Err(Fault::Owner { said, owner }),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks the whole, and stores it.
    ///
    /// # Errors
    /// When the events are not the whole history of a store, or the database fails. Nothing is stored then.
    pub async fn finish(mut self) -> Result<Imported, ImportError> {
        if let Some((number, fault)) = std::mem::take(&mut self.gaps).fault() {
            return Err(ImportError::Event { number, fault });
        }
        self.restore_erasures().await?;
        check_streams(&mut self.connection).await?;
        check_ids(&mut self.connection).await?;
        let erasures = self.erased.len() as u64;
        sqlx::query!(
            "update es.head set position = $1, erasures = $2 where id = 0",
            self.last,
            erasures as i64,
        )
        .execute(&mut self.connection)
        .await?;
        self.connection.execute("commit").await?;
        // What the planner believes of an empty table is wrong now. It would notice by itself, only later: what is stored is
        // stored when this fails.
        if let Err(error) = self.connection.execute("analyze es.events").await {
            tracing::warn!(%error, "imported events are not analyzed");
        }
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a connection is not closed by asking");
        }
        Ok(Imported { events: self.events, head: self.last, erasures })
    }

    /// Nothing is appended any more for those who were erased. Where events of theirs have come along, because they were
    /// written down before all of them were removed, the worker removes them.
    async fn restore_erasures(&mut self) -> sqlx::Result<()> {
        if self.erased.is_empty() {
            return Ok(());
        }
        let (mut owners, mut positions, mut times): (Vec<Uuid>, Vec<i64>, Vec<_>) =
            Default::default();
        for (owner, tombstone) in &self.erased {
            owners.push(owner.0);
            positions.push(tombstone.position);
            times.push(tombstone.recorded_at);
        }
        sqlx::query!(
            "insert into es.erasures (owner_id, position, requested_at, completed_at)
             select u.owner_id, u.position, u.requested_at, case when l.owner_id is null then now() end
               from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) u(owner_id, position, requested_at)
               left join (select distinct e.owner_id
                            from es.events e
                            join unnest($1::uuid[], $2::bigint[]) t(owner_id, position) using (owner_id)
                           where e.position < t.position) l using (owner_id)",
            &owners,
            &positions,
            &times,
        )
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }
}

/// Finds out which event Postgres means. It counts the rows of one copy, which came behind `before` events.
fn refused(error: sqlx::Error, before: u64, events: &[RecordedEvent]) -> ImportError {
    let Some(refusal) =
        error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
    else {
        return error.into();
    };
    let row = refusal.r#where().and_then(|place| {
        let (_, line) = place.split_once("COPY events, line ")?;
        line.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
    });
    let Some((row, event)) = row.and_then(|row| Some((row, events.get(row.checked_sub(1)?)?)))
    else {
        return error.into();
    };
    let fault = if refusal.constraint() == Some("events_aggregate_type_aggregate_id_sequence_key") {
        Fault::SequenceTaken {
            aggregate_type: event.aggregate_type().to_owned(),
            aggregate_id: event.aggregate_id,
            sequence: event.sequence,
        }
    } else {
        Fault::Refused(refusal.message().to_owned())
    };
    ImportError::Event { number: before + row as u64, fault }
}

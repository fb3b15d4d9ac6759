use std::time::Duration;

use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use simulation::{Agenda, Chance, Trace};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::followers::Following;
use super::link::{Ask, Call, Told};
use super::process::Process;
use super::server::{Envelope, Server};
use super::table::Table;
use super::weather::{Fate, Weather};
use crate::relay::{Woken, Word};

const RELAYS: usize = 2;
const FOLLOWERS: usize = 2;
const OWNERS: usize = 4;
const POLL: Duration = Duration::from_millis(500);
const ACK_TIMEOUT: Duration = Duration::from_secs(3);
/// How long everything may take to come right when nothing bad happens any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it is watched when it has come right: what was late may still come.
const AFTERWARDS: Duration = Duration::from_secs(4);

/// One Postgres, one JetStream, two relays, two followers, and what may happen to them.
pub(super) struct World<'a> {
    chance: Chance,
    trace: &'a mut Trace,
    agenda: Agenda<Happening>,
    weather: Weather,
    retention: Option<Duration>,
    table: Table,
    server: Server,
    /// The relays, then the followers.
    processes: Vec<Process>,
    following: [Following; FOLLOWERS],
    /// Who holds the lock of the one relay that leads.
    leader: Option<usize>,
    /// Who wants to be woken, and behind which position.
    waiting: Vec<(usize, i64, oneshot::Sender<Told>)>,
    owners: Vec<OwnerId>,
    /// Owners whose messages are to go when the stream has come to their tombstone.
    erasures: Vec<(OwnerId, i64)>,
    /// Whether what the stream began with may be missing: somebody took it away.
    beheaded: bool,
    to_come: u64,
    calm_since: Option<Duration>,
}

enum Happening {
    /// Events are appended, and something bad may happen.
    Append,
    /// What a process asked for arrives where it is to be done; its answer takes this long, or is lost.
    Arrives {
        process: usize,
        ask: Ask,
        reply: Option<(oneshot::Sender<Told>, Duration)>,
    },
    Answered {
        process: usize,
        reply: oneshot::Sender<Told>,
        told: Told,
    },
    /// A message comes to a follower over a consumer.
    Delivered {
        follower: usize,
        consumer: u64,
        event: Box<RecordedEvent>,
    },
    /// A follower has waited long enough, if it waits for the same still.
    Silence {
        follower: usize,
        wait: u64,
    },
    /// A relay has waited long enough for being woken.
    Polls(usize),
    Resume(usize),
}

impl<'a> World<'a> {
    pub(super) fn of(seed: u64, trace: &'a mut Trace) -> Self {
        let mut chance = Chance::of(seed);
        let retention = match chance.below(3) {
            0 => Some(Duration::from_millis(chance.between(300, 3_000))),
            _long => None,
        };
        let kept_for = retention.unwrap_or(Duration::MAX);
        Self {
            weather: Weather::of(&mut chance),
            retention,
            table: Table::default(),
            server: Server::new(retention),
            processes: (0..RELAYS)
                .map(|_| Process::relay(kept_for))
                .chain((0..FOLLOWERS).map(|_| Process::follower(0)))
                .collect(),
            following: Default::default(),
            leader: None,
            waiting: Vec::new(),
            owners: (0..OWNERS).map(|_| OwnerId(Uuid::from_u128(chance.id()))).collect(),
            erasures: Vec::new(),
            beheaded: false,
            to_come: chance.between(2, 18),
            calm_since: None,
            chance,
            trace,
            agenda: Agenda::new(),
        }
    }

    /// Lets everything happen, until all is as it should be and stays so.
    pub(super) fn run(mut self) -> Result<(), String> {
        for process in 0..self.processes.len() {
            self.go_on(process)?;
        }
        self.agenda.after(Duration::ZERO, Happening::Append);
        let mut right_since = None;
        while let Some(happening) = self.agenda.next() {
            self.happen(happening)?;
            let Some(calm_since) = self.calm_since else { continue };
            let now = self.agenda.now();
            if !self.is_right() {
                right_since = None;
            } else if now > *right_since.get_or_insert(now) + AFTERWARDS {
                return Ok(());
            }
            if now > calm_since + PATIENCE {
                break;
            }
        }
        let (stream, table) = (self.server.last_position(), self.table.last_position());
        let given: Vec<i64> = self.following.iter().map(|following| following.given).collect();
        Err(format!(
            "the stream stays at {stream:?}, followers at {given:?}, the table is at {table}"
        ))
    }

    /// Whether the stream and the followers have come to the end of the table.
    fn is_right(&self) -> bool {
        let end = self.table.last_position();
        if self.following.iter().any(|following| following.given < end) {
            return false;
        }
        match self.server.last_position() {
            Some(position) => position == end,
            // Nothing that its retention covers may be missing.
            None => self.server.exists && self.covered_from().is_none(),
        }
    }

    /// The first event that is not older than the retention.
    fn covered_from(&self) -> Option<i64> {
        let before = self.retention.and_then(|retention| self.agenda.now().checked_sub(retention));
        let old = self.table.last_position_recorded_before(before);
        (self.table.last_position() > old).then_some(old + 1)
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        self.server.expire(self.agenda.now());
        match happening {
            Happening::Append => self.append(),
            Happening::Arrives { process, ask, reply } => {
                let told = self.carry_out(process, ask)?;
                if let Some((reply, after)) = reply {
                    self.agenda.after(after, Happening::Answered { process, reply, told });
                }
                Ok(())
            }
            Happening::Answered { process, reply, told } => {
                let _dead = reply.send(told);
                self.go_on(process)
            }
            Happening::Delivered { follower, consumer, event } => {
                self.following[follower].deliver(consumer, *event);
                self.go_on(RELAYS + follower)
            }
            Happening::Silence { follower, wait } => {
                if self.following[follower].waits == wait {
                    self.following[follower].answer(true);
                }
                self.go_on(RELAYS + follower)
            }
            Happening::Polls(relay) => self.polls(relay),
            Happening::Resume(process) => {
                self.note(|| format!("process {process} goes on"));
                self.processes[process].suspended = false;
                self.go_on(process)
            }
        }
    }

    fn append(&mut self) -> Result<(), String> {
        if self.to_come > 0 {
            for _ in 0..self.chance.between(1, 4) {
                let owner = *self.chance.pick(&self.owners);
                let id = Uuid::from_u128(self.chance.id());
                self.table.append(owner, id, self.agenda.now());
            }
            let head = self.table.head();
            self.note(|| format!("appended up to {head}"));
            if self.chance.percent(90) {
                self.wake(head);
            }
        }
        self.trouble()?;
        if self.to_come == 0 {
            // The last trouble may come when all is quiet, and nobody appends to show it.
            self.note(|| "nothing bad happens any more".to_owned());
            self.calm_since = Some(self.agenda.now());
        } else {
            self.to_come -= 1;
            let pause = *self.chance.pick(&[0, 1, 3, 20, 150, 400, 4_000]);
            self.agenda.after(Duration::from_millis(pause), Happening::Append);
        }
        Ok(())
    }

    /// Wakes who waits for what was appended.
    fn wake(&mut self, head: i64) {
        for (relay, position, reply) in std::mem::take(&mut self.waiting) {
            if position < head {
                let (process, told) = (relay, Told::Woken(Woken::BySomebody));
                self.agenda.after(Duration::ZERO, Happening::Answered { process, reply, told });
            } else {
                self.waiting.push((relay, position, reply));
            }
        }
    }

    /// A relay that nobody has woken looks by itself, and asks whether it still leads.
    fn polls(&mut self, relay: usize) -> Result<(), String> {
        let leads = self.leader == Some(relay);
        for (of, position, reply) in std::mem::take(&mut self.waiting) {
            if of != relay {
                self.waiting.push((of, position, reply));
                continue;
            }
            let told = if leads {
                Told::Woken(Woken::ByTime)
            } else {
                Told::Failed("another leads".to_owned())
            };
            let _dead = reply.send(told);
        }
        self.go_on(relay)
    }

    /// Something bad, perhaps.
    fn trouble(&mut self) -> Result<(), String> {
        let process = self.chance.below(self.processes.len() as u64) as usize;
        if self.chance.percent(self.weather.kills) {
            self.note(|| format!("process {process} is killed and starts again"));
            self.kill(process)?;
        }
        if self.chance.percent(self.weather.suspensions) && !self.processes[process].suspended {
            self.note(|| format!("process {process} stops for a while"));
            self.processes[process].suspended = true;
            let pause = Duration::from_millis(*self.chance.pick(&[5, 50, 500, 5_000]));
            self.agenda.after(pause, Happening::Resume(process));
        }
        if self.chance.percent(self.weather.consumers_lost) {
            let follower = self.chance.below(FOLLOWERS as u64) as usize;
            self.note(|| format!("follower {follower} loses its consumer"));
            self.following[follower].close();
        }
        if self.chance.percent(self.weather.depositions) {
            let leader = self.leader.take();
            self.note(|| format!("relay {leader:?} does not lead any more"));
        }
        if self.chance.percent(self.weather.strangers) {
            self.note(|| "a stranger writes into the stream".to_owned());
            self.server.publish_foreign(self.agenda.now());
        }
        if self.chance.percent(self.weather.purges) {
            self.note(|| "the stream is purged".to_owned());
            self.server.purge();
            self.beheaded = true;
        }
        if self.chance.percent(self.weather.wipes) {
            self.note(|| "the stream is gone".to_owned());
            self.server.wipe();
            self.following.iter_mut().for_each(Following::close);
        }
        if self.chance.percent(self.weather.power_cuts) {
            let count = self.chance.between(1, 5);
            self.note(|| format!("the stream loses its last {count} messages"));
            self.server.lose_last(count);
        }
        if self.chance.percent(self.weather.erasures) {
            let owner = *self.chance.pick(&self.owners);
            if let Some(tombstone) = self.table.remove(owner) {
                self.note(|| format!("{owner} is erased before {tombstone}"));
                self.erasures.push((owner, tombstone));
            }
        }
        Ok(())
    }

    /// Kills a process and starts it anew, with nothing in memory.
    fn kill(&mut self, process: usize) -> Result<(), String> {
        let suspended = self.processes[process].suspended;
        if process < RELAYS {
            self.processes[process] = Process::relay(self.retention.unwrap_or(Duration::MAX));
            self.waiting.retain(|(of, ..)| *of != process);
            self.leader.take_if(|leader| *leader == process);
        } else {
            let following = &mut self.following[process - RELAYS];
            following.restart();
            self.processes[process] = Process::follower(following.given);
        }
        self.processes[process].suspended = suspended;
        self.go_on(process)
    }

    /// Lets a process do what it can, and sends what it asks for.
    fn go_on(&mut self, process: usize) -> Result<(), String> {
        loop {
            self.processes[process].go_on()?;
            let calls = std::mem::take(&mut *self.processes[process].link.calls.lock().unwrap());
            if calls.is_empty() {
                return Ok(());
            }
            for Call { ask, reply } in calls {
                self.send(process, ask, reply)?;
            }
        }
    }

    fn send(
        &mut self,
        process: usize,
        ask: Ask,
        reply: oneshot::Sender<Told>,
    ) -> Result<(), String> {
        match ask {
            Ask::Pause(time) => {
                // An error has ended its time as the leader, and the lock goes with the connection.
                self.leader.take_if(|leader| *leader == process);
                let told = Told::Done;
                self.agenda.after(time, Happening::Answered { process, reply, told });
            }
            Ask::Close => self.following[process - RELAYS].close(),
            Ask::Listen => {
                let follower = process - RELAYS;
                self.following[follower].listen(reply);
                let wait = self.following[follower].waits;
                self.agenda.after(POLL, Happening::Silence { follower, wait });
            }
            Ask::Interruption => {
                if self.calm_since.is_none() && self.chance.percent(self.weather.interruptions) {
                    let after = Duration::from_micros(self.chance.between(1, 20_000));
                    let told = Told::Done;
                    self.agenda.after(after, Happening::Answered { process, reply, told });
                }
            }
            Ask::Given(events, position) => {
                let follower = process - RELAYS;
                self.note(|| format!("follower {follower} gives out {events:?}"));
                self.following[follower].give(&events, position, &self.table)?;
                let _dead = reply.send(Told::Done);
            }
            Ask::Lead => self.lead(process, reply),
            Ask::Wait(position) => {
                self.waiting.push((process, position, reply));
                self.agenda.after(POLL, Happening::Polls(process));
                if self.table.head() > position && self.chance.percent(90) {
                    self.wake(self.table.head());
                }
            }
            ask => self.post(process, ask, reply),
        }
        Ok(())
    }

    fn lead(&mut self, process: usize, reply: oneshot::Sender<Told>) {
        if self.leader.is_none() {
            self.note(|| format!("relay {process} leads"));
            self.leader = Some(process);
            let (told, at_once) = (Told::Done, Duration::from_millis(1));
            self.agenda.after(at_once, Happening::Answered { process, reply, told });
        } else {
            let (told, again) = (Told::Failed("not yet".to_owned()), Duration::from_secs(1));
            self.agenda.after(again, Happening::Answered { process, reply, told });
        }
    }

    /// Sends something over a network.
    fn post(&mut self, process: usize, ask: Ask, reply: oneshot::Sender<Told>) {
        let now = self.agenda.now();
        let travel = Duration::from_micros(self.chance.between(100, 3_000));
        let back = Duration::from_micros(self.chance.between(100, 3_000));
        // A connection keeps the order; only what is late comes out of it.
        let arrives = self.processes[process].arrives.max(now + travel);
        let after = arrives - now;
        let failed = Told::Failed("no answer".to_owned());
        let fate = match self.calm_since {
            Some(_) => Fate::Arrives,
            None => self.weather.fate(&mut self.chance),
        };
        match fate {
            Fate::Arrives => {
                self.processes[process].arrives = arrives;
                let reply = Some((reply, back));
                self.agenda.after(after, Happening::Arrives { process, ask, reply });
            }
            Fate::Lost => {
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::AnswerLost => {
                self.agenda.after(after, Happening::Arrives { process, ask, reply: None });
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::Late(delay) => {
                self.agenda.after(delay, Happening::Arrives { process, ask, reply: None });
                self.agenda
                    .after(ACK_TIMEOUT, Happening::Answered { process, reply, told: failed });
            }
            Fate::Twice(delay) => {
                let again = ask.clone();
                self.agenda
                    .after(after + delay, Happening::Arrives { process, ask: again, reply: None });
                let reply = Some((reply, back));
                self.agenda.after(after, Happening::Arrives { process, ask, reply });
            }
        }
    }

    fn carry_out(&mut self, process: usize, ask: Ask) -> Result<Told, String> {
        let exists = self.server.exists;
        Ok(match ask {
            Ask::ReadAfter(position, limit) => Told::Events(self.table.read_after(position, limit)),
            Ask::HasOrErased(position, id) => Told::Known(self.table.has_or_erased(position, id)),
            Ask::LastPositionOlderThan(age) => {
                let before = self.agenda.now().checked_sub(age);
                Told::Position(self.table.last_position_recorded_before(before))
            }
            Ask::LastPositions(parts, up_to) => {
                Told::Positions(self.table.last_positions(&parts, up_to))
            }
            Ask::EnsureStream => {
                self.server.exists = true;
                Told::Done
            }
            Ask::Open if exists => {
                self.following[process - RELAYS].open();
                Told::Done
            }
            Ask::Open => Told::Failed("no stream".to_owned()),
            Ask::State | Ask::LastMessage | Ask::MessageAt(_) | Ask::LastPositionsInStream
                if !exists =>
            {
                Told::Failed("no stream".to_owned())
            }
            Ask::State => Told::State(self.server.state()),
            Ask::LastMessage => Told::Message(self.server.last_message()),
            Ask::MessageAt(sequence) => Told::Message(self.server.message(sequence)),
            Ask::LastPositionsInStream => Told::PositionsInStream(self.server.last_positions()),
            Ask::Publish(envelope) => self.publish(process, &envelope)?,
            Ask::Lead
            | Ask::Wait(_)
            | Ask::Pause(_)
            | Ask::Close
            | Ask::Listen
            | Ask::Interruption
            | Ask::Given(..) => Told::Done,
        })
    }

    fn publish(&mut self, relay: usize, envelope: &Envelope) -> Result<Told, String> {
        let before = self.server.last_position();
        let taken = self.server.publish(envelope, self.agenda.now());
        let position = envelope.event.position;
        self.note(|| {
            let Envelope { behind_sequence, .. } = envelope;
            format!("relay {relay} publishes {position} behind {behind_sequence}: {taken:?}")
        });
        Ok(match taken {
            Err(why) => Told::Failed(why),
            Ok(word @ Word { duplicate: true, .. }) => Told::Word(word),
            Ok(word) => {
                self.check(envelope, before)?;
                self.erase_from_stream(position);
                self.deliver(&envelope.event);
                Told::Word(word)
            }
        })
    }

    /// Sends a message to all who have a consumer.
    fn deliver(&mut self, event: &RecordedEvent) {
        for follower in 0..FOLLOWERS {
            let Some(consumer) = self.following[follower].consumer else { continue };
            let travel = Duration::from_micros(self.chance.between(100, 3_000));
            let delivered =
                || Happening::Delivered { follower, consumer, event: Box::new(event.clone()) };
            let fate = match self.calm_since {
                Some(_) => Fate::Arrives,
                None => self.weather.fate(&mut self.chance),
            };
            match fate {
                Fate::Arrives => self.agenda.after(travel, delivered()),
                Fate::Lost | Fate::AnswerLost => {}
                Fate::Late(delay) => self.agenda.after(delay, delivered()),
                Fate::Twice(delay) => {
                    self.agenda.after(travel, delivered());
                    self.agenda.after(delay, delivered());
                }
            }
        }
    }

    /// What must hold of each message that the stream takes.
    fn check(&mut self, envelope: &Envelope, before: Option<i64>) -> Result<(), String> {
        let (position, part) = (envelope.event.position, envelope.event.part);
        match before {
            Some(before) if position <= before => {
                return Err(format!("event {position} comes behind {before} in the stream"));
            }
            Some(before) => {
                if let Some(missing) = self.table.first_there(before + 1, position) {
                    return Err(format!("event {missing} misses between {before} and {position}"));
                }
            }
            None => {
                let covered = self.covered_from().unwrap_or(position);
                if !self.beheaded && self.table.first_there(covered, position).is_some() {
                    return Err(format!("the stream begins with {position}, not with {covered}"));
                }
            }
        }
        self.beheaded = false;
        self.check_previous(envelope.previous, part, position)
    }

    /// What was erased may be named as the one before, or not.
    fn check_previous(&self, previous: i64, part: Part, position: i64) -> Result<(), String> {
        let latest = self.table.last_ever_before(part, position).unwrap_or(0);
        let earliest = self.table.last_before(part, position).unwrap_or(0);
        if (earliest..=latest).contains(&previous) {
            Ok(())
        } else {
            Err(format!("event {position} names {previous} as the one before, not {latest}"))
        }
    }

    /// Removes the messages of erased owners whose tombstones are published.
    fn erase_from_stream(&mut self, published: i64) {
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.erasures)
            .into_iter()
            .partition(|(_, tombstone)| *tombstone <= published);
        for (owner, tombstone) in due {
            self.server.erase(owner, tombstone);
        }
        self.erasures = rest;
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.agenda.now();
        self.trace.note(|| format!("{now:>12.3?}  {}", line()));
    }
}

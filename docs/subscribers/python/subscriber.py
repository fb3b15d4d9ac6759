"""Adds up the runs of every runner, each exactly once, whatever is killed in between.

    NATS_URL=nats://subscriber:...@127.0.0.1:4222 python subscriber.py      follows the events
    python subscriber.py --replay trainer.replay.mine                       takes what is published again there
    python subscriber.py --show                                             prints what it has added up

What it has done and how far it has come lie in one SQLite file (SUBSCRIBER_FILE, runs.sqlite) and change in
one transaction; one process at a time has it. docs/SUBSCRIBERS.md explains each step.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections import namedtuple
from urllib.parse import urlsplit

import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

STREAM = "TRAINER_EVENTS"
# All parts, or one of them, such as trainer.events.07.>; never single types of events, which would look like holes.
SUBJECT = os.environ.get("SUBSCRIBER_SUBJECT", "trainer.events.>")
# Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
ACCEPT_UP_TO = int(os.environ.get("SUBSCRIBER_ACCEPT_UP_TO", "0"))


class Incomplete(Exception):
    """Events are not on NATS any more; a person has to decide."""


# What is missing before the event at `position`: everything of its part behind `known`, up to `previous`. The last
# message of the part was at `sequence`.
Missing = namedtuple("Missing", "part known previous sequence position")


def place(headers):
    """An event's position and the one before it in its part; nothing for a message that is no event."""
    try:
        return int(headers["Trainer-Position"]), int(headers["Trainer-Previous-Position"])
    except (TypeError, KeyError, ValueError):
        return None, None


class Store:
    """The effects, and how far they go."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma synchronous = full")
        self.db.executescript(
            """
            create table if not exists runners (owner text primary key, events integer, metres integer);
            create table if not exists runs (run text primary key, owner text, metres integer);
            create table if not exists parts (part text primary key, position integer, sequence integer);
            create table if not exists progress (sequence integer, beginning integer, position integer);
            """
        )
        # Files of earlier versions have neither.
        for table, column in (("parts", "sequence"), ("progress", "position")):
            if column not in [row[1] for row in self.db.execute(f"pragma table_info({table})")]:
                self.db.execute(f"alter table {table} add column {column} integer")
        self.load()

    def load(self):
        """Reads how far the effects go: the last message's sequence in the stream and its position, and both in every
        part."""
        progress = self.db.execute("select sequence, position, beginning from progress").fetchone()
        self.sequence, self.position, self.beginning = progress or (0, None, None)
        parts = self.db.execute("select part, position, coalesce(sequence, 0) from parts")
        self.parts = {part: (position, sequence) for part, position, sequence in parts}

    def begin_at(self, position):
        """Takes everything from a position on for missing that is not known, unless it has begun elsewhere."""
        if self.beginning is None:
            self.db.execute("insert into progress (sequence, beginning, position) values (0, ?, null)", (position,))
            self.load()

    def begin_again(self):
        """Has the stream read from its beginning; what is known already is passed over."""
        self.db.execute("begin immediate")
        self.db.execute("update progress set sequence = 0, position = null")
        self.db.execute("update parts set sequence = 0")
        self.db.execute("commit")
        self.load()

    def apply(self, messages, erased=frozenset()):
        """Takes messages as they come, each with its sequence in the stream if it has one, until something is missing,
        which it returns. `erased` has the positions of those before which nothing is missing any more."""
        self.db.execute("begin immediate")
        try:
            # Not what was known before: another process may have had the file meanwhile.
            self.load()
            missing = None
            for message, sequence in messages:
                missing = self.take(message, sequence, erased)
                if missing:
                    break
            # Effects and progress together: after a crash either both are there or neither.
            self.db.execute("delete from progress")
            progress = (self.sequence, self.position, self.beginning)
            self.db.execute("insert into progress (sequence, position, beginning) values (?, ?, ?)", progress)
            self.db.execute("commit")
        except BaseException:
            self.db.execute("rollback")
            self.load()
            raise
        return missing

    def take(self, message, sequence, erased):
        position, previous = place(message.headers)
        if position is None:
            print(f"passed over: the message at sequence {sequence} is no event", file=sys.stderr)
            return None
        # Published again it has another subject; published by earlier versions it has no such header.
        part = message.headers.get("Trainer-Part") or message.subject.split(".")[2]
        if self.beginning is None:
            self.beginning = position
        # Up to `known` everything of the part is done.
        known, last = self.parts.get(part, (self.beginning - 1, 0))
        if previous > known and position not in erased:
            return Missing(part, known, previous, last, position)
        if position > known:
            self.have_effect(message.headers["ce-type"], message.headers["Trainer-Owner"], json.loads(message.data))
            known = position
        if sequence is not None:
            self.sequence, self.position = sequence, position
            last = sequence
        self.parts[part] = (known, last)
        self.db.execute("insert or replace into parts (part, position, sequence) values (?, ?, ?)", (part, known, last))
        return None

    def have_effect(self, event_type, owner, data):
        """The effect of one event. It may be as clumsy as this: it happens once."""
        if event_type == "user.erased":
            self.db.execute("delete from runners where owner = ?", (owner,))
            self.db.execute("delete from runs where owner = ?", (owner,))
            return
        self.db.execute("insert or ignore into runners values (?, 0, 0)", (owner,))
        self.db.execute("update runners set events = events + 1 where owner = ?", (owner,))
        if event_type in ("run.recorded", "run.corrected"):
            self.set_metres(data["run_id"], owner, data["run"]["distance_m"])
        elif event_type == "run.deleted":
            self.set_metres(data["run_id"], owner, 0)
        # Whatever else happens, now or in later versions, does not change how far was run.

    def set_metres(self, run, owner, metres):
        before = self.db.execute("select metres from runs where run = ?", (run,)).fetchone() or (0,)
        self.db.execute("insert or replace into runs values (?, ?, ?)", (run, owner, metres))
        self.db.execute("update runners set metres = metres + ? where owner = ?", (metres - before[0], owner))


async def follow(jetstream, store, connection):
    """Takes events until the stream or the connection is not what it was."""
    connects = connection.stats["reconnects"]
    # A stream that was lost and filled again has the same events, but elsewhere.
    if store.sequence > 0 and not await is_where_it_was(jetstream, store):
        store.begin_again()
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=store.sequence + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=300,
    )
    # A consumer of its own each time: what was acknowledged says less than what is in our file.
    subscription = await jetstream.pull_subscribe(SUBJECT, stream=STREAM, config=config)
    delivered = 0
    while connects == connection.stats["reconnects"]:
        try:
            messages = await subscription.fetch(100, timeout=5)
        except nats.errors.TimeoutError:
            # Nothing happens, or the consumer or the stream is gone, which is an error here.
            consumer = await subscription.consumer_info()
            if consumer.delivered.consumer_seq != delivered:
                return astray()
            if (await jetstream.stream_info(STREAM)).state.last_seq < store.sequence:
                return
            continue
        for message in messages:
            delivered += 1
            if message.metadata.sequence.consumer != delivered:
                return astray()
        erased = set()
        taken = [(message, message.metadata.sequence.stream) for message in messages]
        while missing := store.apply(taken, erased):
            if not await was_erased(jetstream, missing):
                store.begin_again()
                return await asyncio.sleep(1)
            erased.add(missing.position)
        print(f"sequence {store.sequence}", flush=True)


async def replay(store, subject):
    """Takes what is published again on a subject, until it is stopped."""
    connection = await connect()
    subscription = await connection.subscribe(subject)
    await connection.flush()
    print(f"listening to {subject}", flush=True)
    # A new file has nothing before it.
    store.begin_at(1)
    async for message in subscription.messages:
        position, _ = place(message.headers)
        followed = SUBJECT.split(".")[2]
        if position is None or followed not in (">", message.headers["Trainer-Part"]):
            continue
        if missing := store.apply([(message, None)]):
            sys.exit(f"part {missing.part} is not whole behind position {missing.known}: have it published again from there")
        print(f"position {position}", flush=True)


def astray():
    """What the consumer has sent and we have not got, a new one sends again."""
    print("messages went astray; asking for them again", file=sys.stderr)


async def is_where_it_was(jetstream, store):
    """Whether the last message taken is where it was in the stream."""
    try:
        message = await jetstream.get_msg(STREAM, seq=store.sequence)
    except NotFoundError:
        return False
    return place(message.headers)[0] == store.position


async def was_erased(jetstream, missing):
    """Whether what is missing was erased. Otherwise it is in the stream, or a person has to decide."""
    behind = f"events of part {missing.part} behind position {missing.known}, up to {missing.previous}"
    following = await next_event(jetstream, f"trainer.events.{missing.part}.>", missing.sequence + 1)
    first = await next_event(jetstream, "trainer.events.>", 1)
    if following != missing.position or first is None:
        print(f"hole: {behind}; reading the stream from its beginning", file=sys.stderr)
        return False
    # Within what the stream covers only erasures take messages out; what lies before it may have expired.
    if missing.known + 1 < first and missing.previous > ACCEPT_UP_TO:
        raise Incomplete(behind)
    print(f"erased: {behind}", file=sys.stderr)
    return True


async def next_event(jetstream, subject, sequence):
    """The position of the first event from a sequence on, if there is one."""
    while True:
        try:
            message = await jetstream.get_msg(STREAM, seq=sequence, subject=subject, next=True)
        except NotFoundError:
            return None
        position, _ = place(message.headers)
        if position is not None:
            return position
        sequence = message.seq + 1


async def connect():
    url = urlsplit(os.environ["NATS_URL"])
    return await nats.connect(
        f"nats://{url.hostname}:{url.port or 4222}",
        user=url.username,
        password=url.password,
        name="runs in Python",
        # The only answers a subscriber may receive.
        inbox_prefix="_INBOX.subscriber",
        max_reconnect_attempts=-1,
    )


async def run(store):
    connection = await connect()
    jetstream = connection.jetstream()
    while True:
        try:
            await follow(jetstream, store, connection)
        except (NatsError, OSError) as error:
            print(f"once more in a second: {error!r}", file=sys.stderr)
            await asyncio.sleep(1)


def main():
    store = Store(os.environ.get("SUBSCRIBER_FILE", "runs.sqlite"))
    if "--show" in sys.argv:
        rows = store.db.execute("select owner, events, metres from runners")
        print(json.dumps({owner: {"events": events, "metres": metres} for owner, events, metres in rows}))
        return
    if "--replay" in sys.argv:
        asyncio.run(replay(store, sys.argv[sys.argv.index("--replay") + 1]))
        return
    try:
        asyncio.run(run(store))
    except Incomplete as incomplete:
        sys.exit(f"no longer on NATS: {incomplete}. See 'A hole' in docs/SUBSCRIBERS.md.")


if __name__ == "__main__":
    main()

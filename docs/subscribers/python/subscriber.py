"""Adds up the runs of every runner, each exactly once, whatever is killed in between.

    NATS_URL=nats://subscriber:...@127.0.0.1:4222 python subscriber.py      follows the events
    python subscriber.py --show                                             prints what it has added up

What it has done and how far it has come lie in one SQLite file (SUBSCRIBER_FILE, runs.sqlite) and change in
one transaction. docs/SUBSCRIBERS.md explains each step.
"""

import asyncio
import json
import os
import sqlite3
import sys
from urllib.parse import urlsplit

import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAM = "TRAINER_EVENTS"
# All parts, or one of them, such as trainer.events.07.>; never single types of events, which would look like holes.
SUBJECT = os.environ.get("SUBSCRIBER_SUBJECT", "trainer.events.>")
# Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
ACCEPT_UP_TO = int(os.environ.get("SUBSCRIBER_ACCEPT_UP_TO", "0"))


class Hole(Exception):
    """Events that should have come before this one did not."""


class Incomplete(Exception):
    """Events are not on NATS any more; a person has to decide."""


class Store:
    """The effects, and how far they go."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma synchronous = full")
        self.db.executescript(
            """
            create table if not exists runners (owner text primary key, events integer, metres integer);
            create table if not exists runs (run text primary key, owner text, metres integer);
            create table if not exists parts (part text primary key, position integer);
            create table if not exists progress (sequence integer, beginning integer);
            """
        )
        self.load()

    def load(self):
        """Reads how far the effects go: the stream's sequence, and the position in every part."""
        self.sequence, self.beginning = self.db.execute("select * from progress").fetchone() or (0, None)
        self.parts = dict(self.db.execute("select part, position from parts"))

    def known(self, part):
        """Up to which position everything of a part is done."""
        return self.parts.get(part, self.beginning - 1)

    def apply(self, messages, first):
        """Takes messages as they come. `first` is the first position that the stream has, when it is read from there."""
        self.db.execute("begin immediate")
        try:
            hole = None
            for message in messages:
                hole = self.take(message, first)
                if hole:
                    break
            # Effects and progress together: after a crash either both are there or neither.
            self.db.execute("delete from progress")
            self.db.execute("insert into progress values (?, ?)", (self.sequence, self.beginning))
            self.db.execute("commit")
        except BaseException:
            self.db.execute("rollback")
            self.load()
            raise
        if hole:
            raise hole

    def take(self, message, first):
        headers = message.headers
        position = int(headers["Trainer-Position"])
        previous = int(headers["Trainer-Previous-Position"])
        part = message.subject.split(".")[2]
        if self.beginning is None:
            self.beginning = position
        known = self.known(part)
        if previous > known:
            missing = f"events of part {part} behind position {known}, up to {previous}"
            if first is None:
                return Hole(missing)
            # Read from the stream's beginning, so they are not in it. Within what it covers only erasures take
            # messages out; what lies before it may have expired.
            if known + 1 < first and previous > ACCEPT_UP_TO:
                return Incomplete(missing)
            print(f"erased: {missing}", file=sys.stderr)
        if position > known:
            self.have_effect(headers["ce-type"], headers["Trainer-Owner"], json.loads(message.data))
            self.parts[part] = position
            self.db.execute("insert or replace into parts values (?, ?)", (part, position))
        self.sequence = message.metadata.sequence.stream
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


async def follow(jetstream, store, from_the_start, connection):
    """Takes events until the stream is not what it was, or a hole shows."""
    state = (await jetstream.stream_info(STREAM)).state
    # A server that lost the end of the stream fills it again; what is known already is passed over.
    if store.sequence == 0 or store.sequence > state.last_seq:
        from_the_start = True
    if from_the_start and state.messages == 0:
        await asyncio.sleep(1)
        return
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=300)
    if from_the_start:
        config.deliver_policy = DeliverPolicy.ALL
    else:
        config.deliver_policy = DeliverPolicy.BY_START_SEQUENCE
        config.opt_start_seq = store.sequence + 1
    first = await first_position(jetstream, state) if from_the_start else None
    # A consumer of its own each time: what was acknowledged says less than what is in our file.
    subscription = await jetstream.pull_subscribe(SUBJECT, stream=STREAM, config=config)
    connects = connection.stats["reconnects"]
    while connects == connection.stats["reconnects"]:
        try:
            messages = await subscription.fetch(100, timeout=5)
        except nats.errors.TimeoutError:
            # Nothing happens, or the consumer or the stream is gone, which is an error here.
            await subscription.consumer_info()
            if (await jetstream.stream_info(STREAM)).state.last_seq < store.sequence:
                return
            continue
        store.apply(messages, first)
        print(f"sequence {store.sequence}", flush=True)


async def first_position(jetstream, state):
    """The position of the first event in the stream."""
    message = await jetstream.get_msg(STREAM, seq=state.first_seq)
    return int(message.headers["Trainer-Position"])


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
    from_the_start = False
    while True:
        try:
            await follow(jetstream, store, from_the_start, connection)
            from_the_start = False
        except Hole as hole:
            print(f"hole: {hole}; reading the stream from its beginning", file=sys.stderr)
            from_the_start = True
        except (NatsError, OSError) as error:
            print(f"once more in a second: {error!r}", file=sys.stderr)
            await asyncio.sleep(1)


def main():
    store = Store(os.environ.get("SUBSCRIBER_FILE", "runs.sqlite"))
    if "--show" in sys.argv:
        rows = store.db.execute("select owner, events, metres from runners")
        print(json.dumps({owner: {"events": events, "metres": metres} for owner, events, metres in rows}))
        return
    try:
        asyncio.run(run(store))
    except Incomplete as incomplete:
        sys.exit(f"no longer on NATS: {incomplete}. See 'A hole' in docs/SUBSCRIBERS.md.")


if __name__ == "__main__":
    main()

// Adds up the runs of every runner, each exactly once, whatever is killed in between.
//
//     NATS_URL=nats://subscriber:...@127.0.0.1:4222 node subscriber.mjs      follows the events
//     node subscriber.mjs --show                                             prints what it has added up
//
// What it has done and how far it has come lie in one file (SUBSCRIBER_FILE, runs.json), which is replaced in one
// step. docs/SUBSCRIBERS.md explains each step.

import { setTimeout as sleep } from "node:timers/promises";
import { connect, nanos } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Hole, Incomplete, Store } from "./store.mjs";

const STREAM = "TRAINER_EVENTS";
// All parts, or one of them, such as trainer.events.07.>; never single types of events, which would look like holes.
const SUBJECT = process.env.SUBSCRIBER_SUBJECT ?? "trainer.events.>";

// Takes events until the stream is not what it was, or a hole shows.
async function follow(connection, store, fromTheStart) {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(STREAM);
  const connects = connection.reconnects;
  // A server that lost the end of the stream fills it again; what is known already is passed over.
  fromTheStart ||= store.state.sequence === 0 || store.state.sequence > state.last_seq;
  if (fromTheStart && state.messages === 0) return sleep(1000);
  const first = fromTheStart ? await firstPosition(manager, state) : null;
  // A consumer of its own each time: what was acknowledged says less than what is in our file.
  const { name } = await manager.consumers.add(STREAM, {
    filter_subject: SUBJECT,
    ack_policy: "none",
    inactive_threshold: nanos(300_000),
    ...(fromTheStart
      ? { deliver_policy: "all" }
      : { deliver_policy: "by_start_sequence", opt_start_seq: store.state.sequence + 1 }),
  });
  const consumer = await jetstream(connection).consumers.get(STREAM, name);
  while (connects === connection.reconnects) {
    // A hundred, or what comes within a second. Left early, it would lose what was on its way.
    const messages = [];
    for await (const message of await consumer.fetch({ max_messages: 100, expires: 1000 })) messages.push(message);
    if (messages.length > 0) {
      store.apply(messages, first);
      console.log(`sequence ${store.state.sequence}`);
      continue;
    }
    // Nothing happens, or the consumer or the stream is gone, which is an error here.
    await consumer.info();
    if ((await manager.streams.info(STREAM)).state.last_seq < store.state.sequence) return;
  }
}

// The position of the first event in the stream.
async function firstPosition(manager, state) {
  const message = await manager.streams.getMessage(STREAM, { seq: state.first_seq });
  return Number(message.header.get("Trainer-Position"));
}

function connected() {
  const url = new URL(process.env.NATS_URL);
  return connect({
    servers: url.host,
    user: decodeURIComponent(url.username),
    pass: decodeURIComponent(url.password),
    name: "runs in JavaScript",
    // The only answers a subscriber may receive.
    inboxPrefix: "_INBOX.subscriber",
    maxReconnectAttempts: -1,
  });
}

async function run(store) {
  const connection = await connected();
  connection.reconnects = 0;
  watch(connection);
  let fromTheStart = false;
  for (;;) {
    try {
      await follow(connection, store, fromTheStart);
      fromTheStart = false;
    } catch (error) {
      if (error instanceof Incomplete) throw error;
      fromTheStart = error instanceof Hole;
      if (fromTheStart) {
        console.error(`hole: ${error.message}; reading the stream from its beginning`);
      } else {
        console.error(`once more in a second: ${error}`);
        await sleep(1000);
      }
    }
  }
}

async function watch(connection) {
  for await (const { type } of connection.status()) {
    if (type === "reconnect") connection.reconnects += 1;
  }
}

const store = new Store(process.env.SUBSCRIBER_FILE ?? "runs.json", Number(process.env.SUBSCRIBER_ACCEPT_UP_TO ?? 0));
if (process.argv.includes("--show")) {
  console.log(JSON.stringify(store.state.runners));
} else {
  try {
    await run(store);
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
    console.error(`no longer on NATS: ${error.message}. See "A hole" in docs/SUBSCRIBERS.md.`);
    process.exit(1);
  }
}

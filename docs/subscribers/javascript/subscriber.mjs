// Adds up the runs of every runner, each exactly once, whatever is killed in between.
//
//     NATS_URL=nats://subscriber:...@127.0.0.1:4222 node subscriber.mjs      follows the events
//     node subscriber.mjs --replay trainer.replay.mine                       takes what is published again there
//     node subscriber.mjs --show                                             prints what it has added up
//
// What it has done and how far it has come lie in one file (SUBSCRIBER_FILE, runs.json), which is replaced in one
// step; one process at a time has it. docs/SUBSCRIBERS.md explains each step.

import { setTimeout as sleep } from "node:timers/promises";
import { connect, nanos } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { place, Store } from "./store.mjs";

const STREAM = "TRAINER_EVENTS";
// All parts, or one of them, such as trainer.events.07.>; never single types of events, which would look like holes.
const SUBJECT = process.env.SUBSCRIBER_SUBJECT ?? "trainer.events.>";
// Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
const ACCEPT_UP_TO = Number(process.env.SUBSCRIBER_ACCEPT_UP_TO ?? 0);

// Events are not on NATS any more; a person has to decide.
class Incomplete extends Error {}

// Takes events until the stream or the connection is not what it was.
async function follow(connection, store) {
  const connects = connection.reconnects;
  const manager = await jetstreamManager(connection);
  // A stream that was lost and filled again has the same events, but elsewhere.
  if (store.state.sequence > 0 && !(await isWhereItWas(manager, store))) store.beginAgain();
  // A consumer of its own each time: what was acknowledged says less than what is in our file.
  const { name } = await manager.consumers.add(STREAM, {
    filter_subject: SUBJECT,
    ack_policy: "none",
    inactive_threshold: nanos(300_000),
    deliver_policy: "by_start_sequence",
    opt_start_seq: store.state.sequence + 1,
  });
  const consumer = await jetstream(connection).consumers.get(STREAM, name);
  let delivered = 0;
  while (connects === connection.reconnects) {
    // A hundred, or what comes within a second. Left early, it would lose what was on its way.
    const messages = [];
    for await (const message of await consumer.fetch({ max_messages: 100, expires: 1000 })) messages.push(message);
    if (messages.length === 0) {
      // Nothing happens, or the consumer or the stream is gone, which is an error here.
      if ((await consumer.info()).delivered.consumer_seq !== delivered) return astray();
      if ((await manager.streams.info(STREAM)).state.last_seq < store.state.sequence) return;
      continue;
    }
    for (const message of messages) {
      delivered += 1;
      if (message.info.deliverySequence !== delivered) return astray();
    }
    const erased = new Set();
    let missing;
    while ((missing = store.apply(messages, erased))) {
      if (!(await wasErased(manager, missing))) {
        store.beginAgain();
        return sleep(1000);
      }
      erased.add(missing.position);
    }
    console.log(`sequence ${store.state.sequence}`);
  }
}

// Takes what is published again on a subject, until it is stopped.
async function replay(store, subject) {
  const connection = await connected();
  const subscription = connection.subscribe(subject);
  await connection.flush();
  console.log(`listening to ${subject}`);
  // A new file has nothing before it.
  store.beginAt(1);
  const followed = SUBJECT.split(".")[2];
  for await (const message of subscription) {
    const event = place(message.headers);
    if (event === null || ![">", message.headers.get("Trainer-Part")].includes(followed)) continue;
    const missing = store.apply([message]);
    if (missing) {
      const { part, known } = missing;
      console.error(`part ${part} is not whole behind position ${known}: have it published again from there`);
      process.exit(1);
    }
    console.log(`position ${event.position}`);
  }
}

// What the consumer has sent and we have not got, a new one sends again.
function astray() {
  console.error("messages went astray; asking for them again");
}

// Whether the last message taken is where it was in the stream.
async function isWhereItWas(manager, { state }) {
  const message = await manager.streams.getMessage(STREAM, { seq: state.sequence });
  return place(message?.header)?.position === state.position;
}

// Whether what is missing was erased. Otherwise it is in the stream, or a person has to decide.
async function wasErased(manager, { part, known, previous, sequence, position }) {
  const behind = `events of part ${part} behind position ${known}, up to ${previous}`;
  const following = await nextEvent(manager, `trainer.events.${part}.>`, sequence + 1);
  const first = await nextEvent(manager, "trainer.events.>", 1);
  if (following !== position || first === null) {
    console.error(`hole: ${behind}; reading the stream from its beginning`);
    return false;
  }
  // Within what the stream covers only erasures take messages out; what lies before it may have expired.
  if (known + 1 < first && previous > ACCEPT_UP_TO) throw new Incomplete(behind);
  console.error(`erased: ${behind}`);
  return true;
}

// The position of the first event from a sequence on, if there is one.
async function nextEvent(manager, subject, sequence) {
  for (;;) {
    const message = await manager.streams.getMessage(STREAM, { seq: sequence, next_by_subj: subject });
    if (message === null) return null;
    const event = place(message.header);
    if (event !== null) return event.position;
    sequence = message.seq + 1;
  }
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
  for (;;) {
    try {
      await follow(connection, store);
    } catch (error) {
      if (error instanceof Incomplete) throw error;
      console.error(`once more in a second: ${error}`);
      await sleep(1000);
    }
  }
}

async function watch(connection) {
  for await (const { type } of connection.status()) {
    if (type === "reconnect") connection.reconnects += 1;
  }
}

const store = new Store(process.env.SUBSCRIBER_FILE ?? "runs.json");
if (process.argv.includes("--show")) {
  console.log(JSON.stringify(store.state.runners));
} else if (process.argv.includes("--replay")) {
  await replay(store, process.argv[process.argv.indexOf("--replay") + 1]);
} else {
  try {
    await run(store);
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error;
    console.error(`no longer on NATS: ${error.message}. See "A hole" in docs/SUBSCRIBERS.md.`);
    process.exit(1);
  }
}

// The effects, and how far they go: one file, replaced in one step.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

// An event's position and the one before it in its part; nothing for a message that is no event.
export function place(headers) {
  const position = Number(headers?.get("Trainer-Position") || NaN);
  const previous = Number(headers?.get("Trainer-Previous-Position") || NaN);
  return Number.isSafeInteger(position) && Number.isSafeInteger(previous) ? { position, previous } : null;
}

export class Store {
  constructor(file) {
    this.file = file;
    this.state = this.load();
  }

  // How far the effects go: the last message's sequence in the stream and its position, both in every part, too.
  load() {
    try {
      return { sequences: {}, position: null, ...JSON.parse(readFileSync(this.file, "utf8")) };
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      return { sequence: 0, position: null, beginning: null, parts: {}, sequences: {}, runners: {}, runs: {} };
    }
  }

  // Effects and progress together: after a crash the file has both or neither.
  save() {
    const unfinished = `${this.file}.unfinished`;
    const file = openSync(unfinished, "w", 0o600);
    try {
      // Writes all of it or throws; writeSync writes what there is room for.
      writeFileSync(file, JSON.stringify(this.state));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, this.file);
    // The new name, too, should outlive a power failure.
    const folder = openSync(dirname(this.file), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  // Takes everything from a position on for missing that is not known, unless it has begun elsewhere.
  beginAt(position) {
    if (this.state.beginning === null) this.change(() => Object.assign(this.state, { beginning: position }));
  }

  // Has the stream read from its beginning; what is known already is passed over.
  beginAgain() {
    this.change(() => Object.assign(this.state, { sequence: 0, position: null, sequences: {} }));
  }

  // Takes messages as they come, until something is missing, which it returns. `erased` has the positions of those
  // before which nothing is missing any more.
  apply(messages, erased = new Set()) {
    return this.change(() => {
      for (const message of messages) {
        const missing = this.take(message, erased);
        if (missing) return missing;
      }
      return null;
    });
  }

  change(how) {
    try {
      const result = how();
      this.save();
      return result;
    } catch (error) {
      this.state = this.load();
      throw error;
    }
  }

  take(message, erased) {
    const state = this.state;
    const event = place(message.headers);
    if (event === null) {
      console.error(`passed over: the message at sequence ${message.seq} is no event`);
      return null;
    }
    const { position, previous } = event;
    // Published again it has another subject; published by earlier versions it has no such header.
    const part = message.headers.get("Trainer-Part") || message.subject.split(".")[2];
    state.beginning ??= position;
    // Up to `known` everything of the part is done.
    const known = state.parts[part] ?? state.beginning - 1;
    if (previous > known && !erased.has(position)) {
      return { part, known, previous, sequence: state.sequences[part] ?? 0, position };
    }
    if (position > known) {
      this.haveEffect(message.headers.get("ce-type"), message.headers.get("Trainer-Owner"), message.json());
      state.parts[part] = position;
    }
    // What is published again has no place in the stream.
    if (message.seq !== undefined) {
      state.sequences[part] = message.seq;
      state.sequence = message.seq;
      state.position = position;
    }
    return null;
  }

  // The effect of one event. It may be as clumsy as this: it happens once.
  haveEffect(type, owner, data) {
    const { runners, runs } = this.state;
    if (type === "user.erased") {
      delete runners[owner];
      for (const [run, { owner: runner }] of Object.entries(runs)) {
        if (runner === owner) delete runs[run];
      }
      return;
    }
    const runner = (runners[owner] ??= { events: 0, metres: 0 });
    runner.events += 1;
    // Whatever else happens, now or in later versions, does not change how far was run.
    if (!["run.recorded", "run.corrected", "run.deleted"].includes(type)) return;
    const metres = type === "run.deleted" ? 0 : data.run.distance_m;
    runner.metres += metres - (runs[data.run_id]?.metres ?? 0);
    runs[data.run_id] = { owner, metres };
  }
}

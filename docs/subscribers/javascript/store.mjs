// The effects, and how far they go: one file, replaced in one step.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

// Events that should have come before one did not.
export class Hole extends Error {}

// Events are not on NATS any more; a person has to decide.
export class Incomplete extends Error {}

export class Store {
  constructor(file, acceptUpTo = 0) {
    this.file = file;
    // Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
    this.acceptUpTo = acceptUpTo;
    this.state = this.load();
  }

  load() {
    try {
      return JSON.parse(readFileSync(this.file, "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      return { sequence: 0, beginning: null, parts: {}, runners: {}, runs: {} };
    }
  }

  // Effects and progress together: after a crash the file has both or neither.
  save() {
    const unfinished = `${this.file}.unfinished`;
    const file = openSync(unfinished, "w", 0o600);
    writeSync(file, JSON.stringify(this.state));
    fsyncSync(file);
    closeSync(file);
    renameSync(unfinished, this.file);
    // The new name, too, should outlive a power failure.
    const folder = openSync(dirname(this.file), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  // Takes messages as they come. `first` is the first position that the stream has, when it is read from there.
  apply(messages, first) {
    let stopped = null;
    try {
      for (const message of messages) {
        stopped = this.take(message, first);
        if (stopped) break;
      }
      this.save();
    } catch (error) {
      this.state = this.load();
      throw error;
    }
    if (stopped) throw stopped;
  }

  take(message, first) {
    const state = this.state;
    const position = Number(message.headers.get("Trainer-Position"));
    const previous = Number(message.headers.get("Trainer-Previous-Position"));
    const part = message.subject.split(".")[2];
    state.beginning ??= position;
    const known = state.parts[part] ?? state.beginning - 1;
    if (previous > known) {
      const missing = `events of part ${part} behind position ${known}, up to ${previous}`;
      if (first === null) return new Hole(missing);
      // Read from the stream's beginning, so they are not in it. Within what it covers only erasures take
      // messages out; what lies before it may have expired.
      if (known + 1 < first && previous > this.acceptUpTo) return new Incomplete(missing);
      console.error(`erased: ${missing}`);
    }
    if (position > known) {
      this.haveEffect(message.headers.get("ce-type"), message.headers.get("Trainer-Owner"), message.json());
      state.parts[part] = position;
    }
    state.sequence = message.seq;
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

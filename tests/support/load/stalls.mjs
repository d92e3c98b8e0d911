// What an answer's time must not be blamed for: that this process did not run itself, and, for work that gives way to
// everything else on the machine, that the machine was busy with something else.
import { readFileSync } from 'node:fs';

const tickMs = 5;
const stallMs = 20;
const pressureMs = 100;      // between looks at how busy the machine is
const busyShare = 0.6;       // of the time somebody waited for a core: more than our own load does to two of them
const pressureFile = '/proc/pressure/cpu';

/** Spans of time, in order. */
class Spans {
  #spans = [];

  add(begin, end) { this.#spans.push([begin, end]); }

  within(from, to) {
    return this.#spans.reduce((sum, [begin, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(begin, from)), 0);
  }

  longestWithin(from, to) {
    return this.#spans.reduce((longest, [begin, end]) => (begin < to && end > from ? Math.max(longest, end - begin) : longest), 0);
  }
}

export class Stalls {
  #stalls = new Spans();
  #busy = new Spans();
  #last = performance.now();
  #timers = [setInterval(() => this.#tick(), tickMs), setInterval(() => this.#look(), pressureMs)];
  #looked = { at: performance.now(), waitedMs: waitedMs() };

  #tick() {
    const now = performance.now();
    if (now - this.#last > stallMs) this.#stalls.add(this.#last, now);
    this.#last = now;
  }

  #look() {
    const now = { at: performance.now(), waitedMs: waitedMs() };
    const share = (now.waitedMs - this.#looked.waitedMs) / (now.at - this.#looked.at);
    if (share > busyShare) this.#busy.add(this.#looked.at, now.at);
    this.#looked = now;
  }

  /** Milliseconds between the two times in which nothing ran here. */
  within(from, to) {
    this.#tick();
    return this.#stalls.within(from, to);
  }

  /** Milliseconds between the two times in which the machine had no core to spare. Nothing where the kernel does not say. */
  busyWithin(from, to) {
    this.#look();
    return this.#busy.within(from, to);
  }

  /** The longest of them that touches the time between the two. */
  longestWithin(from, to) {
    this.#tick();
    return this.#stalls.longestWithin(from, to);
  }

  stop() { this.#timers.forEach(clearInterval); }
}

/** How long, since the machine was started, somebody has waited for a core. */
function waitedMs() {
  try {
    return Number(/some .*total=(\d+)/.exec(readFileSync(pressureFile, 'utf8'))[1]) / 1_000;
  } catch {
    return 0;
  }
}

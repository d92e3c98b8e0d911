// What was counted in one part of a load: answers by kind, how long they took, and everything that must not be.
const samplesKept = 5;

export class Tally {
  #asked = new Map();
  #kinds = new Map();
  #codes = new Map();
  #times = [];
  #violations = new Map();
  lastRefused = -Infinity;  // when the last request was sent that got 503
  notSent = 0;              // no connection was free
  from = performance.now();
  until = Infinity;

  asked(kind) { this.#asked.set(kind, this.howMany(kind) + 1); }

  /** How many of a kind were sent, whatever came of them. */
  howMany(kind) { return this.#asked.get(kind) ?? 0; }

  answered(kind, { status, body, sent, answered }) {
    const statuses = this.#kinds.get(kind) ?? new Map();
    this.#kinds.set(kind, statuses);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 400) {
      const code = /"code":"([a-z_]+)"/.exec(body)?.[1] ?? `${status}`;
      this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1);
    }
    if (status === 503) this.lastRefused = Math.max(this.lastRefused, sent);
    if (kind === 'me') this.#times.push(answered - sent);
  }

  violated(what, sample) {
    const samples = this.#violations.get(what) ?? [];
    this.#violations.set(what, samples);
    samples.push(sample);
  }

  count(kind, status) { return this.#kinds.get(kind)?.get(status) ?? 0; }

  /** Of these kinds, how many did what was asked and how many were told to come again. What was refused for a reason is neither. */
  served(kinds) {
    const sum = (wanted) => kinds.flatMap((kind) => [...this.#kinds.get(kind) ?? []])
      .reduce((all, [status, count]) => (wanted(status) ? all + count : all), 0);
    return { done: sum((status) => status >= 200 && status < 400), refused: sum((status) => status === 503 || status === 429) };
  }

  get violations() {
    return [...this.#violations].map(([what, samples]) =>
      `${samples.length} × ${what}: ${samples.slice(0, samplesKept).join('; ')}`);
  }

  /** One line for people. */
  toString() {
    const kinds = [...this.#kinds].map(([kind, statuses]) =>
      `${kind} ${[...statuses].sort().map(([status, count]) => `${status || 'lost'}×${count}`).join(' ')}`);
    const codes = [...this.#codes].map(([code, count]) => `${code}×${count}`);
    const sorted = Float64Array.from(this.#times).sort();
    const at = (share) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
    return `${kinds.join(', ')}; me p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`
      + (codes.length > 0 ? `; ${codes.join(' ')}` : '') + (this.notSent > 0 ? `; not sent ${this.notSent}` : '');
  }
}

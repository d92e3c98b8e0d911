// When this process itself did not run: what it measures then is its own fault, and is taken off.
const tickMs = 5;
const stallMs = 20;

export class Stalls {
  #stalls = [];
  #last = performance.now();
  #timer = setInterval(() => this.#tick(), tickMs);

  #tick() {
    const now = performance.now();
    if (now - this.#last > stallMs) this.#stalls.push([this.#last, now]);
    this.#last = now;
  }

  /** Milliseconds between the two times in which nothing ran here. */
  within(from, to) {
    this.#tick();
    let sum = 0;
    for (const [begin, end] of this.#stalls) sum += Math.max(0, Math.min(end, to) - Math.max(begin, from));
    return sum;
  }

  get longest() { return Math.max(0, ...this.#stalls.map(([begin, end]) => end - begin)); }

  stop() { clearInterval(this.#timer); }
}

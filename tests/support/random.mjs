// Chance that can be had again: the seed is printed, and STAGEDOOR_TEST_SEED brings it back.

export class Random {
  #state;

  constructor(seed = Number(process.env.STAGEDOOR_TEST_SEED) || 1 + Math.floor(Math.random() * 0xfffffffe)) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** In [0, 1): mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True in `share` of all cases. */
  chance(share) { return this.next() < share; }

  /** An integer in [0, below). */
  below(below) { return Math.floor(this.next() * below); }

  /** What is drawn of another's numbers does not change one's own. */
  child() { return new Random(1 + this.below(0xfffffffe)); }
}

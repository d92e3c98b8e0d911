// Chance that can be had again: tests print the seed, and STAGEDOOR_SEED brings it back.

export const seed = Number(process.env.STAGEDOOR_SEED) || 1 + Math.floor(Math.random() * 0xfffffffe);

export class Random {
  #state;

  constructor(from = seed) {
    this.seed = from;
    this.#state = from >>> 0;
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

  /** One of a list. */
  of(list) { return list[this.below(list.length)]; }

  /** What is drawn of another's numbers does not change one's own. */
  child() { return new Random(1 + this.below(0xfffffffe)); }
}

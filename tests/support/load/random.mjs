// Chance that can be had again: the same seed gives the same choices. STAGEDOOR_SEED sets it.

export const seed = Number(process.env.STAGEDOOR_SEED ?? (Date.now() % 2 ** 31));

export class Random {
  #state;

  constructor(from = seed) { this.#state = from >>> 0; }

  /** In [0, 1): mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(count) { return Math.floor(this.next() * count); }
  chance(probability) { return this.next() < probability; }
  of(list) { return list[this.below(list.length)]; }
}

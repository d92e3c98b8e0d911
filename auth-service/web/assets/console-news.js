// What others do, said aloud and summed up: for those who do not see the list move. At most one sentence in a while,
// however much happens.

import { people as countOf, moves } from './console-moves.js';
import { byId, say } from './page.js';

const everyMs = 4_000;
const soonMs = 400;

export class News {
  #entered = [];
  #left = [];
  #timer = null;
  #saidAt = -Infinity;

  /** Somebody has `entered` or `left` the list, by what `type` of event tells. */
  note(what, { displayName, status }) {
    if (what === 'entered') this.#entered.push(displayName);
    else if (what === 'left') this.#left.push(`${displayName} is ${wordOf(status)} now.`);
    else return;
    const wait = Math.max(soonMs, this.#saidAt + everyMs - performance.now());
    this.#timer ??= setTimeout(() => this.#say(), wait);
  }

  #say() {
    this.#timer = null;
    this.#saidAt = performance.now();
    const [entered, left] = [this.#entered.splice(0), this.#left.splice(0)];
    const parts = [];
    if (entered.length > 0) parts.push(entered.length === 1 ? `New in the list: ${entered[0]}.` : `New in the list: ${countOf(entered.length)}.`);
    if (left.length > 0) parts.push(left.length === 1 ? left[0] : `${countOf(left.length)} left the list.`);
    say(byId('news'), parts.join(' '));
  }
}

function wordOf(status) {
  const [move] = Object.values(moves).filter(({ to }) => to === status);
  return status === 'pending' ? 'waiting' : status === 'active' ? 'active' : move.done;
}

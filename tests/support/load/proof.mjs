// When a round under a fault proves anything: the load has to have been there, and it has to have been served. A machine that
// has no time for the load itself says nothing of the product; such a round is repeated, and never counted.
import { checks } from './traffic.mjs';

const leastLoad = 0.8;        // of what was to be asked
const longestStallMs = 300;   // of this process, which asks and takes the times
const mayBeRefused = 1;       // of each kind, however few there were: a link that breaks takes what is on it along

/** What people do, by what it needs: each has its own share that has to be served. */
export const needs = {
  check: checks,
  refresh: ['refresh'],
  signIn: ['signIn'],
  signOut: ['signOut', 'endOther', 'signOutEverywhere'],
  decide: ['decide'],
};

/**
 * Of everything that goes on while one store is away. Where something rests, a fault says so: `{ ...usualShares, decide: 0 }`.
 * Hashing gives way to all else on the machine, and a sign-in that waits for too long is refused, outage or not.
 */
export const usualShares = { check: 0.9, refresh: 0.9, signIn: 0.5, signOut: 0.9, decide: 0.9 };

/** What waits for the database to be written. */
export const restingChanges = { signIn: 0, signOut: 0, decide: 0 };

/** Why what was counted proves nothing, in words, or nothing. @param rate - checks a second that were to be asked */
export function lackOfLoad(tally, rate, stalls) {
  const seconds = (tally.until - tally.from) / 1_000;
  const asked = checks.reduce((sum, kind) => sum + tally.howMany(kind), 0) / seconds;
  const stall = stalls.longestWithin(tally.from, tally.until);
  if (stall < longestStallMs && asked >= leastLoad * rate) return undefined;
  return `${asked.toFixed(0)} of ${rate} checks a second, own stall ${stall.toFixed(0)} ms`;
}

/** What was not served as it had to be: a list in words. @param shares - the least share of each of `needs` */
export function unserved(tally, shares) {
  return Object.entries(needs).flatMap(([need, kinds]) => {
    const { done, refused } = tally.served(kinds);
    const enough = refused <= mayBeRefused || done >= shares[need] * (done + refused);
    return shares[need] === 0 || enough ? [] : [`${need}: ${refused} of ${done + refused} were refused`];
  });
}

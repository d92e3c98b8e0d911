// Redis lives, and what it knew is gone or old: nobody is signed out, nobody who had left is back, and no status is older
// than the database's.
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { signingKey, tokenOf } from '../support/ledger.mjs';
import { openHouse } from '../support/load/loaded_stack.mjs';
import { usualRates } from '../support/load/traffic.mjs';

const eventfulMs = 3_000;  // of traffic that Redis will have forgotten
const rotations = 9;       // which some sessions went through meanwhile

let house;
before(async () => {
  // Much that matters happens: whatever is forgotten has to be missed.
  house = await openHouse({ people: 300, rates: { ...usualRates, ended: 150, signOut: 20, decide: 20, sql: 5, signIn: 8 } });
});
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

/** An hour in short: people come, go and are decided upon, and some tokens are rotated many times. */
async function anHourPasses({ stack, traffic: { crowd } }) {
  const key = signingKey(stack);
  const travellers = crowd.living.slice(0, 30);
  crowd.depart(travellers);
  await sleep(eventfulMs);  // whatever was asked with their old tokens has long been answered
  for (const session of travellers) {
    const [name, token] = session.cookie.split('=');
    const generation = Buffer.from(token, 'base64url').readUInt32BE(34) + rotations;
    session.cookie = `${name}=${tokenOf(key, session.person.id, session.id, generation)}`;
  }
  crowd.comeBack(travellers);
  await sleep(eventfulMs / 3);
}

fault('FLUSHALL, five times', ({ redis }) => ({
  async begin() {
    for (let i = 0; i < 5; ++i) {
      await redis.command('FLUSHALL');
      await sleep(300);
    }
  },
  lastsMs: 500,
}));

fault('Redis is started again, empty', ({ redis }) => ({ begin: () => redis.restartEmpty(), lastsMs: 500 }));

fault('Redis comes back from an older copy', ({ redis, ...rest }) => {
  let copy;
  return {
    async prepare() {
      copy = await redis.copyData();
      await anHourPasses(rest);
    },
    begin: () => redis.restartFrom(copy),
    lastsMs: 500,
  };
});

fault('Redis comes back without the last part of its AOF', ({ redis, ...rest }) => {
  let cutAt;
  return {
    async prepare() {
      cutAt = await redis.appended() + 5;  // in the middle of a command
      await anHourPasses(rest);
    },
    begin: () => redis.restartCutAt(cutAt),
    lastsMs: 500,
  };
});

// Redis lives, and what it knew is gone: nobody is signed out, nobody who had left is back, and no status is older than
// the database's.
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openHouse } from '../support/load/loaded_stack.mjs';
import { usualRates } from '../support/load/traffic.mjs';

let house;
before(async () => {
  // Much that matters happens: whatever is forgotten has to be missed.
  house = await openHouse({ people: 300, rates: { ...usualRates, ended: 150, signOut: 20, decide: 20, sql: 5, signIn: 8 } });
});
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

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

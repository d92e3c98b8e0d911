// What operators and memory do to a Redis that goes on running, and what it may come back without. Sockets that were
// subscribed must not stay deaf, and a history that Redis lost is told from the database.
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { openPushHouse } from '../support/push/push_house.mjs';

const eventfulMs = 1_500;  // of decisions that Redis will have forgotten

let house;
before(async () => { house = await openPushHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

const severalTimes = async (does) => {
  for (let i = 0; i < 4; ++i) {
    await does();
    await sleep(house.random.below(500));
  }
};

fault('CLIENT KILL TYPE pubsub, several times', ({ redis }) => ({
  begin: () => severalTimes(() => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
}));
fault('CLIENT PAUSE for everybody', ({ redis }) => ({ begin: () => redis.pause(2_500), lastsMs: 2_500 }));
fault('CLIENT PAUSE for those who write', ({ redis }) => ({ begin: () => redis.pause(60_000, 'WRITE'), end: () => redis.resume() }));
fault('Redis is frozen', ({ redis }) => ({ begin: () => redis.freeze(), end: () => redis.thaw() }));
fault('FLUSHALL, several times', ({ redis }) => ({ begin: () => severalTimes(() => redis.command('FLUSHALL')) }));
fault('Redis is started again, empty', ({ redis }) => ({ begin: () => redis.restartEmpty() }));
fault('Redis comes back from an older copy', ({ redis }) => {
  let copy;
  return {
    async prepare() {
      copy = await redis.copyData();
      await sleep(eventfulMs);
    },
    begin: () => redis.restartFrom(copy),
  };
});
fault('Redis comes back without the last part of its AOF', ({ redis }) => {
  let cutAt;
  return {
    async prepare() {
      cutAt = await redis.appended() + 5;  // in the middle of a command
      await sleep(eventfulMs);
    },
    begin: () => redis.restartCutAt(cutAt),
  };
});
test('in the end everything agrees', (t) => house.everythingAgrees()(t));

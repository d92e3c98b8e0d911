// Whoever carries news from a commit to a tab is killed at any moment: no tab misses anything, none hears anything twice.
import { after, before, test } from 'node:test';

import { openPushHouse } from '../support/push/push_house.mjs';

let house;
before(async () => { house = await openPushHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

const killed = (service, node) => ({ stack }) => ({
  begin: () => stack[service][node].kill(),
  end: () => stack[service][node].start(),
});

fault('nothing breaks', () => ({ begin() {} }));
for (const node of [0, 1]) fault(`auth node ${node} is killed`, killed('auths', node));
for (const node of [0, 1]) fault(`notify node ${node} is killed`, killed('notifies', node));
fault('Redis is killed', ({ redis }) => ({ begin: () => redis.kill(), end: () => redis.start() }));
fault('all are killed, one after the other', ({ stack, redis, random }) => ({
  async begin() {
    for (const each of [...stack.services, redis].sort(() => random.next() - 0.5)) {
      await each.kill();
      await each.start();
    }
  },
}));
test('in the end everything agrees', (t) => house.everythingAgrees()(t));

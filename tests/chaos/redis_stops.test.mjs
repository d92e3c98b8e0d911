// Redis stops, in all the ways in which it can, while a thousand checks a second come in. While it stands still and holds its
// connections, news of an end is stuck in it, as in a link: another node's cache may say yes for the rest of its lease (C3).
import { after, before, test } from 'node:test';

import { cacheLeaseMs, openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

fault('nothing breaks', () => ({ begin() {}, served: { check: 1 } }));
fault('Redis is stopped in good order and started again', ({ redis }) => ({ begin: () => redis.stop(), end: () => redis.start() }));
fault('Redis is killed and started again', ({ redis }) => ({ begin: () => redis.kill(), end: () => redis.start() }));
fault('Redis is frozen', ({ redis }) => ({ begin: () => redis.freeze(), end: () => redis.thaw(), staleMs: cacheLeaseMs }));
fault('all clients are paused', ({ redis }) => ({ begin: () => redis.pause(2_500), end: () => redis.command('PING'), staleMs: cacheLeaseMs }));
fault('writing clients are paused', ({ redis }) => ({ begin: () => redis.pause(60_000, 'WRITE'), end: () => redis.resume() }));
fault('Redis is busy with one command for two seconds', ({ redis }) => ({
  begin: () => redis.sleep(2_000), lastsMs: 0, staleMs: cacheLeaseMs,
}));

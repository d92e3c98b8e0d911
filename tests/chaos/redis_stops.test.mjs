// Redis stops, in all the ways in which it can, while a thousand checks a second come in. While it stands still and holds its
// connections nobody can tell a node's cache of an end: so nobody is told of one before no cache can say yes (K10).
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

fault('nothing breaks', () => ({ begin() {}, served: { check: 1 } }));
fault('Redis is stopped in good order and started again', ({ redis }) => ({ begin: () => redis.stop(), end: () => redis.start() }));
fault('Redis is killed and started again', ({ redis }) => ({ begin: () => redis.kill(), end: () => redis.start() }));
fault('Redis is frozen', ({ redis }) => ({ begin: () => redis.freeze(), end: () => redis.thaw() }));
fault('all clients are paused', ({ redis }) => ({ begin: () => redis.pause(2_500), end: () => redis.command('PING') }));
fault('writing clients are paused', ({ redis }) => ({ begin: () => redis.pause(60_000, 'WRITE'), end: () => redis.resume() }));
fault('Redis is busy with one command for two seconds', ({ redis }) => ({ begin: () => redis.sleep(2_000), lastsMs: 0 }));

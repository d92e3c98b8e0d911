// Redis answers, and takes no writes. What it has may be old from that moment on.
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

fault('memory is full: OOM', ({ redis }) => ({ begin: () => redis.fillMemory(), end: () => redis.giveMemory() }));
fault('a replica of nobody: READONLY', ({ redis }) => ({ begin: () => redis.demote(), end: () => redis.promote() }));
fault('saving fails: MISCONF', ({ redis }) => ({ begin: () => redis.breakSaves(), end: () => redis.mendSaves() }));

// One auth node has lost its way to Redis, the other has not: they have to agree all the same. Without the cache, which
// may say yes for as long as its lease when its own connections have gone half open (C3).
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse({ authFlags: ['--session-cache', 'off'] }); });
after(() => house?.close());

const fault = (name, does) => test(name, (t) => house.fault(({ authGates: [gate] }) => ({
  begin: () => does(gate),
  end: () => gate.pass(),
}))(t));

fault('one node finds nobody', (gate) => gate.refuse());
fault('one node gets no answers', (gate) => gate.stall('down'));
fault('one node has a slow way', (gate) => gate.delay(700));

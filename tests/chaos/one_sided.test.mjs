// One auth node has lost its way to Redis, the other has not: they have to agree all the same. With the node's cache the
// one that hears nothing may say yes for as long as its lease (C3), and not longer.
import { after, before, describe, test } from 'node:test';

import { houses, openHouse } from '../support/load/loaded_stack.mjs';

for (const [name, { authFlags, staleMs }] of Object.entries(houses)) {
  describe(name, () => {
    let house;
    before(async () => { house = await openHouse({ authFlags }); });
    after(() => house?.close());

    const fault = (what, does) => test(what, (t) => house.fault(({ authGates: [gate] }) => ({
      begin: () => does(gate),
      end: () => gate.pass(),
      staleMs,
    }))(t));

    fault('one node finds nobody', (gate) => gate.refuse());
    fault('one node gets no answers', (gate) => gate.stall('down'));
    fault('one node has a slow way', (gate) => gate.delay(700));
  });
}

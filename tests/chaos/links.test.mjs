// What networks do between the auth nodes and Redis, for both nodes at once. Without the node's cache nobody who has ended
// is let in, not for a moment. With it a node may say yes for as long as news of an end is stuck on its way, and its lease
// bounds that (C3): exactly this is allowed, and only while the fault lasts.
import { after, before, describe, test } from 'node:test';

import { houses, openHouse } from '../support/load/loaded_stack.mjs';

for (const [name, { authFlags, staleMs }] of Object.entries(houses)) {
  describe(name, () => {
    let house;
    before(async () => { house = await openHouse({ authFlags }); });
    after(() => house?.close());

    /** `does(gate)` to the way of every node, until all passes again. */
    const fault = (what, does, expected = {}) => test(what, (t) => house.fault(() => ({
      begin: () => house.everyAuthGate(does),
      end: () => house.everyAuthGate((gate) => gate.pass()),
      staleMs,
      ...expected,
    }))(t));

    fault('nobody listens', (gate) => gate.refuse());
    fault('connections are accepted and never served', (gate) => gate.mute());
    fault('nothing moves', (gate) => gate.stall());
    fault('half open: requests arrive, answers stay away', (gate) => gate.stall('down'));
    fault('half open: requests vanish', (gate) => gate.swallow('up'));
    fault('slow by 100 ms each way', (gate) => gate.delay(100));
    fault('slower than the deadline', (gate) => gate.delay(700));
    fault('bytes come in pieces of 61', (gate) => gate.slice(61), { served: { check: 0.99 } });
    fault('connections are reset ten times', async (gate) => {
      for (let i = 0; i < 10; ++i) {
        await gate.cut();
        await new Promise((resolve) => { setTimeout(resolve, 150); });
      }
    });
  });
}

// What networks do between the auth nodes and Redis, for both nodes at once. Without the cache, which may say yes for as
// long as news of an end is on its way, at most for its lease (C3); the other tests have it on.
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse({ authFlags: ['--session-cache', 'off'] }); });
after(() => house?.close());

/** `does(gate)` to the way of every node, until all passes again. */
const fault = (name, does, expected = {}) => test(name, (t) => house.fault(() => ({
  begin: () => house.everyAuthGate(does),
  end: () => house.everyAuthGate((gate) => gate.pass()),
  ...expected,
}))(t));

fault('nobody listens', (gate) => gate.refuse());
fault('connections are accepted and never served', (gate) => gate.mute());
fault('nothing moves', (gate) => gate.stall());
fault('half open: requests arrive, answers stay away', (gate) => gate.stall('down'));
fault('half open: requests vanish', (gate) => gate.swallow('up'));
fault('slow by 100 ms each way', (gate) => gate.delay(100));
fault('slower than the deadline', (gate) => gate.delay(700));
fault('bytes come in pieces of 61', (gate) => gate.slice(61), { served: 0.99 });
fault('connections are reset ten times', async (gate) => {
  for (let i = 0; i < 10; ++i) {
    await gate.cut();
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
});

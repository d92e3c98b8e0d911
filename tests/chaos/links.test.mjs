// What networks do between the auth nodes and Redis, for both nodes at once.
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());

/** `does(gate)` to the way of every node, until all passes again. */
const fault = (name, does, expected = {}) => test(name, (t) => house.fault(() => ({
  begin: () => house.everyAuthGate(does),
  end: () => house.everyAuthGate((gate) => gate.pass()),
  ...expected,
}))(t));

fault('bytes come in pieces of 61', (gate) => gate.slice(61), { served: 0.99 });

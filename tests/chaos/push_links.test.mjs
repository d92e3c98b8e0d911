// What networks do between the services and Redis, to all of them at once and to one side alone: sockets that look open
// must deliver, and where they could not, they make up for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { openPushHouse } from '../support/push/push_house.mjs';

let house;
before(async () => { house = await openPushHouse(); });
after(() => house?.close());

/** `does(gate)` to the ways of these services, until all passes again. */
const fault = (name, does, services = ['auth', 'notify']) => test(name, (t) => house.fault(() => ({
  begin: () => house.everyGate(does, services),
  end: () => house.everyGate((gate) => gate.pass()),
}))(t));

const cutTenTimes = async (gate) => {
  for (let i = 0; i < 10; ++i) {
    await gate.cut();
    await sleep(house.random.below(250));
  }
};

fault('every connection is reset, ten times', cutTenTimes);
fault('connections of notify nodes are reset, ten times', cutTenTimes, ['notify']);
fault('nothing moves', (gate) => gate.stall());
fault('half open: what notify nodes ask arrives, nothing comes back', (gate) => gate.stall('down'), ['notify']);
fault('half open: what notify nodes ask vanishes', (gate) => gate.swallow('up'), ['notify']);
fault('half open: what auth nodes are told vanishes', (gate) => gate.swallow('down'), ['auth']);
fault('nobody listens for notify nodes', (gate) => gate.refuse(), ['notify']);
fault('connections are accepted and never served', (gate) => gate.mute());
fault('bytes come in pieces of 7', (gate) => gate.slice(7));
test('one notify node is cut off, the other is not', (t) => house.fault(({ gates }) => ({
  begin: () => gates.get('notify-1').swallow(),
  end: () => gates.get('notify-1').pass(),
}))(t));
test('in the end everything agrees', (t) => house.everythingAgrees()(t));

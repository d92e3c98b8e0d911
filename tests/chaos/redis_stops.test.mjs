// Redis stops, in all the ways in which it can, while a thousand checks a second come in.
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());
const fault = (name, does) => test(name, (t) => house.fault(does)(t));

fault('nothing breaks', () => ({ begin() {}, served: 1 }));

// An auth node is killed under load: the other serves on, nobody is signed out, nothing that was decided is lost.
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

let house;
before(async () => { house = await openHouse(); });
after(() => house?.close());

for (const node of [0, 1, 0]) {
  test(`node ${node} is killed and started again`, (t) => house.fault(({ stack, traffic }) => ({
    async begin() {
      traffic.nodeDown(node);
      await stack.auths[node].kill();
    },
    async end() {
      await stack.auths[node].start();
      traffic.nodeUp(node);
    },
    served: { check: 1 },
    restarts: true,
  }))(t));
}

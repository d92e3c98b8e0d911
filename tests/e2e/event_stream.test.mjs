// Server-Sent Events in a real browser: the example of README.md as it stands there, and the pages where no WebSocket
// gets through.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack({ notifyFlags: ['--heartbeat-interval', '1s'] }); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const example = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  .match(/```js\n((?:(?!```)[^])*new EventSource[^]*?)```/)[1].replace('export function', 'window.listen = function');

test('the example for a browser\'s own EventSource hears everything once, over a restart of the node', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  const tab = await ada.newTab();
  await tab.goto('/account');
  await tab.evaluate(example);
  const url = `http://localhost:${stack.notify.port}/events`;
  await tab.evaluate((address) => {
    window.frames_heard = [];
    window.listen({ url: address, hear: (frame) => window.frames_heard.push(frame.type), refresh: async () => true });
  }, url);
  const heard = () => tab.evaluate(() => window.frames_heard.map((type) => type.replace(/^stagedoor\.\w+\./, '')));
  const events = async () => (await heard()).filter((type) => !['heartbeat', 'welcome', 'closing', 'degraded'].includes(type));
  const hears = (type) => until(async () => (await heard()).includes(type), { what: type });
  await hears('welcome');
  await stack.decide(person, 'reject');
  await hears('rejected');
  await stack.notify.stop();
  await hears('closing');
  await stack.decide(person, 'reconsider');
  await stack.notify.start();
  await hears('reconsidered');
  assert.deepEqual(await events(), ['rejected', 'reconsidered']);
  await tab.close();
}));

test('where no WebSocket gets through, the waiting page hears of the approval all the same', scene(1, async (ada) => {
  await ada.page.addInitScript(() => {
    window.WebSocket = class {
      constructor() { setTimeout(() => this.onclose?.({ code: 1006, reason: '' })); }
      close() {}
    };
  });
  const person = await stack.person();
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  await ada.isConnected();
  await stack.decide(person, 'approve');
  await ada.isAt('Dashboard', '/stage-manager');
}));

// A page of another origin, say of a front-end developer's own server, uses the browser library as README.md shows it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { freePorts, until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let pages;
let elsewhere;

/** The example of README.md, with the addresses of this stack; what it makes is put where the test finds it. */
function example() {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, code] = readme.match(/```js\n((?:(?!```)[^])*new Api\(\{ base[^]*?)```/);
  return code.replaceAll('http://localhost:8080', stack.origin).replaceAll('ws://localhost:8081/ws', stack.notifyUrl);
}

before(async () => {
  const [port] = await freePorts(1);
  elsewhere = `http://localhost:${port}`;
  const allowed = ['--allowed-origin', elsewhere];
  stack = await startStack({ authFlags: allowed, notifyFlags: allowed });
  const script = `${example()}\nwindow.stagedoor = { api, notifications };`;
  pages = createServer((request, response) => {
    const [type, body] = request.url === '/page.js' ? ['text/javascript', script]
      : ['text/html', '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'];
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  await new Promise((listening) => pages.listen(port, '127.0.0.1', listening));
});
after(async () => {
  pages?.closeAllConnections?.();
  pages?.close();
  await stack?.stop();
});

const scene = (body) => (t) => withPeople(stack, 1, body)(t);

for (const transport of ['ws', 'sse']) {
  test(`a page of another origin signs in, hears over ${transport} of the approval, and signs out`, scene(async (ada) => {
    const person = await stack.person();
    const { page } = ada;
    await page.goto(`${elsewhere}/?${transport}`);
    await page.waitForFunction(() => window.stagedoor);
    const signedIn = await page.evaluate(({ email, password }) => window.stagedoor.api.login({ email, password }), person);
    assert.equal(signedIn.user.id, person.id);
    const asked = await page.evaluate(() => window.stagedoor.api.me());
    assert.equal(asked.user.status, 'pending');

    await page.evaluate(async ({ url, how, library }) => {
      const { Notifications } = await import(library);
      const { api } = window.stagedoor;
      window.heard = [];
      const notifications = new Notifications({ url, refresh: () => api.refreshSession(), transport: how });
      notifications.addEventListener('user', ({ detail: { user } }) => window.heard.push(user.status));
      notifications.open();
      window.ours = notifications;
    }, { url: stack.notifyUrl, how: transport, library: `${stack.origin}/assets/stagedoor-client.js` });
    await until(() => page.evaluate(() => window.heard.length > 0), { what: 'the welcome' });
    await stack.decide(person, 'approve');
    await until(() => page.evaluate(() => window.heard.at(-1) === 'active'), { what: 'the approval' });

    await page.evaluate(() => { window.ours.close(); });
    await page.evaluate(() => window.stagedoor.api.logout());
    const after = await page.evaluate(() => window.stagedoor.api.me().catch(({ status, code }) => ({ status, code })));
    assert.deepEqual(after, { status: 401, code: 'no_session' });
    assert.deepEqual(ada.errors.filter((text) => !text.includes('401')), []);
  }));
}

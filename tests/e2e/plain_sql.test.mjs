// A status typed into the sqlite3 shell reaches the open page like any approval, and as soon.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const rounds = 20;
const soonMs = 100;

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const summary = (values) => `median ${median(values).toFixed(1)} ms, longest ${sorted(values).at(-1).toFixed(1)} ms`;

// Notes, on the page's own clock, when each event came to a socket of the page and when each heading was shown.
async function watchPage(page) {
  await page.evaluate(async () => {
    const now = () => performance.timeOrigin + performance.now();
    window.seen = { heard: {}, shown: [] };
    const { Notifications } = await import('/assets/stagedoor-client.js');
    const { content: url } = document.querySelector('meta[name=stagedoor-notify-url]');
    const notifications = new Notifications({ url });
    notifications.addEventListener('event', ({ detail }) => { window.seen.heard[detail.data.version] = now(); });
    const live = new Promise((resolve) => notifications.addEventListener('welcome', resolve, { once: true }));
    notifications.open();
    await live;
    const heading = document.querySelector('h1');
    new MutationObserver(() => window.seen.shown.push(now())).observe(heading, { childList: true, characterData: true, subtree: true });
  });
}

test('a status typed into the sqlite3 shell is on the open page within 100 ms', scene(1, async (ada, t) => {
  const person = await stack.person();
  await ada.signIn(person);
  await ada.isConnected();
  await watchPage(ada.page);
  const heard = [];
  const shown = [];
  const shownSinceTyped = [];
  for (let round = 0; round < rounds; ++round) {
    const status = round % 2 === 0 ? 'rejected' : 'pending';
    const typed = stack.sqlite(`UPDATE users SET status = '${status}' WHERE id = '${person.id}'`);
    await ada.heading(status === 'rejected' ? 'Request declined' : 'Waiting for approval').waitFor();
    const seen = await until(() => ada.page.evaluate(({ version, count }) =>
      window.seen.heard[version] && window.seen.shown.length >= count
        ? { heard: window.seen.heard[version], shown: window.seen.shown[count - 1] } : null,
    { version: round + 2, count: round + 1 }), { what: `round ${round}` });
    heard.push(Math.max(0, seen.heard - typed.returnedAt));
    shown.push(Math.max(0, seen.shown - typed.returnedAt));
    shownSinceTyped.push(seen.shown - typed.startedAt);
  }
  t.diagnostic(`event at the page after the shell's return: ${summary(heard)}`);
  t.diagnostic(`new status shown after the shell's return: ${summary(shown)}`);
  t.diagnostic(`new status shown after the shell's start: ${summary(shownSinceTyped)}`);
  assert.ok(median(shown) <= soonMs, `shown: ${summary(shown)}`);
  assert.deepEqual(ada.errors, []);
}));

test('an approval typed into the sqlite3 shell opens the dashboard', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.signIn(person);
  await ada.isConnected();
  stack.sqlite(`UPDATE users SET status = 'active' WHERE email = '${person.email}'`);
  await ada.isAt('Dashboard', '/stage-manager');
  assert.equal(await ada.apiStatus('/api/stage-manager/profile'), 200);
  assert.deepEqual(ada.errors, []);
}));

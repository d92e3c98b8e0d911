// One socket that keeps itself alive, against a server played by the test and a clock that the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Notifications, Problem, bounds } from '../../../auth-service/web/assets/stagedoor-client.js';
import { fakeBrowser, user } from './support.mjs';

function opened(options = {}) {
  const browser = fakeBrowser(options);
  const notifications = new Notifications({ environment: browser, ...options });
  const states = [];
  const heard = [];
  notifications.addEventListener('state', ({ detail }) => states.push(detail));
  notifications.addEventListener('event', ({ detail }) => heard.push(detail.data.version));
  notifications.open();
  return { browser, notifications, states, heard };
}

test('asks for the subprotocol, and is live with welcome, not with the open socket', () => {
  const { browser, notifications, states } = opened({ url: 'ws://localhost:8081/ws' });
  assert.equal(browser.socket.url, 'ws://localhost:8081/ws');
  assert.deepEqual(browser.socket.protocols, ['cloudevents.json']);
  assert.equal(notifications.state, 'connecting');
  browser.socket.welcome(user(1));
  assert.equal(notifications.state, 'live');
  assert.equal(states.at(-1).reconnected, false);
  assert.deepEqual(notifications.user, user(1));
});

test('reconnects with its cursor and says that it did', async () => {
  const { browser, notifications, states } = opened();
  browser.socket.welcome(user(1), { cursor: 'c-1' });
  browser.socket.event('stage_manager.approved', user(2, 'active'));
  browser.socket.hangUp();
  assert.equal(notifications.state, 'lost');
  await browser.pass(bounds.baseDelayMs);
  assert.match(browser.socket.url, /\?cursor=c-2$/);
  browser.socket.welcome(user(2, 'active'), { cursor: 'c-2' });
  assert.deepEqual(states.map(({ state }) => state), ['connecting', 'live', 'lost', 'connecting', 'live']);
  assert.equal(states.at(-1).reconnected, true);
});

test('each transition is told once and in order, also behind a newer snapshot', () => {
  const { browser, notifications, heard } = opened();
  const users = [];
  notifications.addEventListener('user', ({ detail }) => users.push(detail.user.version));
  browser.socket.welcome(user(5, 'active'));
  for (const version of [4, 5, 5, 4, 6]) browser.socket.event('user.updated', user(version, 'active'));
  assert.deepEqual(heard, [4, 5, 6]);
  assert.deepEqual(users, [5, 6], 'a snapshot never goes back');
});

test('events come under their own type too, and carry the reason to the user event', () => {
  const { browser, notifications } = opened();
  const got = [];
  notifications.addEventListener('stagedoor.stage_manager.rejected', ({ detail }) => got.push(detail.subject));
  notifications.addEventListener('user', ({ detail }) => got.push(detail.reason));
  browser.socket.welcome(user(1));
  browser.socket.event('stage_manager.rejected', user(2, 'rejected'), { reason: 'No show.' });
  assert.deepEqual(got, [null, 'ada', 'No show.']);
});

test('another user’s events are events, but never this user’s snapshot', () => {
  const { browser, notifications, heard } = opened();
  browser.socket.welcome(user(1));
  browser.socket.event('stage_manager.registered', user(9, 'pending', 'ben'));
  assert.deepEqual(heard, [9]);
  assert.equal(notifications.user.id, 'ada');
});

test('what is no change of anybody is told each time it comes, and moves the cursor', async () => {
  const { browser, notifications } = opened();
  const got = [];
  notifications.addEventListener('stagedoor.audit.denied', ({ detail }) => got.push(detail.data.calls));
  browser.socket.welcome(user(1));
  for (const [calls, cursor] of [[1, 'c-1.x-7'], [1, 'c-1.x-8']]) {
    browser.socket.onmessage({ data: JSON.stringify({ specversion: '1.0', id: cursor, source: '/stagedoor', type: 'stagedoor.audit.denied', cursor, data: { calls } }) });
  }
  assert.deepEqual(got, [1, 1]);
  assert.equal(notifications.cursor, 'c-1.x-8');
});

test('what is no CloudEvents object is told and otherwise ignored', () => {
  const { browser, notifications } = opened();
  const got = [];
  notifications.addEventListener('unreadable', ({ detail }) => got.push(detail));
  browser.socket.onmessage({ data: 'boo' });
  assert.deepEqual(got, ['boo']);
  assert.equal(notifications.state, 'connecting');
});

test('never means never', async () => {
  for (const code of [4401, 4403]) {
    const { browser, notifications, states } = opened();
    browser.socket.welcome(user(1));
    browser.socket.hangUp(code, 'over');
    assert.equal(notifications.state, 'ended');
    assert.deepEqual([states.at(-1).code, states.at(-1).reason], [code, 'over']);
    browser.window.dispatchEvent(new Event('online'));
    await browser.pass(1e6);
    assert.equal(browser.sockets.length, 1);
    assert.equal(browser.timers, 0);
  }
});

test('the closing frame’s word and delay win over the code', async () => {
  const { browser } = opened();
  browser.socket.welcome(user(1));
  browser.socket.closing(1012, 'after', 3_000);
  browser.socket.hangUp(4401);
  await browser.pass(2_999);
  assert.equal(browser.sockets.length, 1);
  await browser.pass(1);
  assert.equal(browser.sockets.length, 2);
});

test('a close that was announced and does not come is taken as done', async () => {
  const { browser, notifications, states } = opened();
  browser.socket.welcome(user(1));
  browser.socket.closing(4403, 'never');
  await browser.pass(bounds.closeMs);
  assert.equal(notifications.state, 'ended');
  assert.equal(states.at(-1).code, 4403);
});

test('4404 refreshes first, with growing delays while that fails', async () => {
  let refreshes = 0;
  const refresh = async () => { if (++refreshes < 3) throw new Problem({ status: 503, code: 'overloaded' }); };
  const { browser } = opened({ refresh });
  browser.socket.welcome(user(1));
  browser.socket.hangUp(4404);
  await browser.pass(60_000);
  assert.equal(refreshes, 3);
  assert.equal(browser.sockets.length > 1, true);
});

test('4404 ends when the refresh says that the session is over', async () => {
  const { browser, notifications, states } = opened({
    refresh: async () => { throw new Problem({ status: 401, code: 'session_revoked' }); },
  });
  browser.socket.hangUp(4404);
  await browser.pass(60_000);
  assert.equal(notifications.state, 'ended');
  assert.equal(states.at(-1).reason, 'session_revoked');
  assert.equal(browser.sockets.length, 1);
});

test('a page that closes during such a refresh stays closed', async () => {
  let answer;
  const { browser, notifications } = opened({ refresh: () => new Promise((resolve) => { answer = resolve; }) });
  browser.socket.hangUp(4404);
  await browser.pass(5_000);
  notifications.close();
  answer();
  await browser.pass(60_000);
  assert.equal(browser.sockets.length, 1);
});

test('a server that says now at every welcome cannot make the client loop hot', async () => {
  const { browser } = opened({ random: () => 0 });
  for (let served = 0; served < 1_000 && browser.timers > 0; ++served) {
    if (browser.socket.readyState < 2) {
      browser.socket.welcome(user(1));
      browser.socket.hangUp(4408);
    }
    await browser.pass(10);
  }
  assert.ok(browser.sockets.length <= 10_000 / bounds.minDelayMs + 2, `${browser.sockets.length} sockets in 10 s`);
});

test('a steady connection ends a run of failures', async () => {
  const { browser, states } = opened({ random: () => 0.999 });
  for (let i = 0; i < 4; ++i) {
    browser.socket.hangUp();
    await browser.nextSocket();
  }
  const worn = states.filter(({ state }) => state === 'lost').at(-1).retryInMs;
  browser.socket.welcome(user(1), { heartbeatIntervalMs: 1e6 });
  await browser.pass(bounds.steadyMs);
  browser.socket.hangUp();
  assert.ok(states.at(-1).retryInMs < worn / 4);
});

test('a silent socket is given up, a beating one is not', async () => {
  const { browser, notifications, states } = opened();
  browser.socket.welcome(user(1), { heartbeatIntervalMs: 1_000 });
  for (let i = 0; i < 20; ++i) {
    await browser.pass(1_000);
    browser.socket.say('stagedoor.connection.heartbeat');
  }
  assert.equal(notifications.state, 'live');
  const silent = browser.socket;
  await browser.pass(1_600);
  assert.equal(states.filter(({ state }) => state === 'lost').length, 1);
  assert.equal(silent.sentClose, 'none');
});

test('a socket that never says welcome is given up', async () => {
  const { browser, states } = opened();
  await browser.pass(bounds.welcomeMs);
  assert.equal(states.at(-1).state, 'lost');
});

test('a constructor that throws is a lost connection', async () => {
  const browser = fakeBrowser();
  browser.refuse = true;
  const notifications = new Notifications({ environment: browser });
  notifications.open();
  assert.equal(notifications.state, 'lost');
  browser.refuse = false;
  await browser.pass(2_000);
  browser.socket.welcome(user(1));
  assert.equal(notifications.state, 'live');
});

test('coming online shortens a long wait, once, and never what the server asked for', async () => {
  const { browser } = opened({ transport: 'ws', random: () => 0.999 });
  for (let i = 0; i < 6; ++i) {
    browser.socket.hangUp();
    if (i < 5) await browser.nextSocket();
  }
  const before = browser.sockets.length;
  for (let i = 0; i < 50; ++i) browser.window.dispatchEvent(new Event('online'));
  await browser.pass(1_600);
  assert.equal(browser.sockets.length, before + 1);

  browser.socket.closing(1013, 'after', 20_000);
  browser.socket.hangUp(1013);
  browser.window.dispatchEvent(new Event('online'));
  await browser.pass(19_999);
  assert.equal(browser.sockets.length, before + 1);
});

test('a page that becomes visible notices that its socket has been silent', async () => {
  const { browser, notifications } = opened();
  browser.socket.welcome(user(1), { heartbeatIntervalMs: 1_000 });
  const late = browser.now() + 5_000;
  browser.now = () => late;  // the timers of a sleeping computer do not run
  browser.document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(notifications.state, 'lost');
});

test('frames of a socket that was given up are not heard', async () => {
  const { browser, heard } = opened();
  const old = browser.socket;
  old.welcome(user(1));
  await browser.pass(5_000);
  old.event('stage_manager.approved', user(2, 'active'));
  assert.deepEqual(heard, []);
});

test('closing tells the server and leaves nothing running', () => {
  const { browser, notifications } = opened();
  browser.socket.welcome(user(1));
  notifications.close();
  assert.equal(browser.socket.sentClose, 1000);
  assert.equal(browser.timers, 0);
});

test('a socket that is still opening is closed once it is open', () => {
  const { browser, notifications } = opened();
  notifications.close();
  assert.equal(browser.socket.sentClose, null);
  browser.socket.onopen();
  assert.equal(browser.socket.sentClose, 1000);
});

test('opening again after the end waits like any other attempt', async () => {
  const { browser, notifications } = opened();
  browser.socket.hangUp(4401);
  notifications.open();
  assert.equal(notifications.state, 'lost');
  await browser.pass(2_000);
  assert.equal(browser.sockets.length, 2);
});

// What the browser library tells the server of events it has taken in (N9).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Notifications, bounds } from '../../../auth-service/web/assets/stagedoor-client.js';
import { fakeBrowser, user } from './support.mjs';

function live() {
  const browser = fakeBrowser();
  const notifications = new Notifications({ environment: browser });
  notifications.open();
  browser.socket.welcome(user(1));
  return { browser, notifications };
}

const acks = (socket) => socket.sent.map(({ type, cursor }) => `${type} ${cursor}`);

test('an event is acknowledged once the page’s handlers were told of it', () => {
  const { browser, notifications } = live();
  const seen = [];
  for (const type of ['event', 'stagedoor.stage_manager.approved', 'user']) {
    notifications.addEventListener(type, () => seen.push(`${type}, ${browser.socket.sent.length} sent`));
  }
  browser.socket.event('stage_manager.approved', user(2, 'active'));
  assert.deepEqual(seen, ['event, 0 sent', 'stagedoor.stage_manager.approved, 0 sent', 'user, 0 sent']);
  assert.deepEqual(acks(browser.socket), ['ack c-2']);
});

test('a welcome, and what happened to others, is not acknowledged', () => {
  const { browser } = live();
  browser.socket.event('stage_manager.registered', user(1, 'pending', 'ben'));
  assert.deepEqual(acks(browser.socket), []);
});

test('a burst is acknowledged by its first and its last, a second apart', async () => {
  const { browser } = live();
  for (let version = 2; version <= 50; ++version) browser.socket.event('user.updated', user(version));
  assert.deepEqual(acks(browser.socket), ['ack c-2']);
  await browser.pass(bounds.ackMs);
  assert.deepEqual(acks(browser.socket), ['ack c-2', 'ack c-50']);
  browser.socket.say('stagedoor.connection.heartbeat');
  await browser.pass(bounds.ackMs);
  browser.socket.event('user.updated', user(51));
  assert.deepEqual(acks(browser.socket), ['ack c-2', 'ack c-50', 'ack c-51'], 'at once when it has been quiet');
});

test('however much happens, no server is told more often than it listens', async () => {
  const { browser } = live();
  for (let version = 2; version < 602; ++version) {
    browser.socket.event('user.updated', user(version));
    await browser.pass(100);
  }
  assert.ok(browser.socket.sent.length <= 61, `${browser.socket.sent.length} messages a minute`);
});

test('what is replayed on another socket is told once and acknowledged there', async () => {
  const { browser, notifications } = live();
  let told = 0;
  notifications.addEventListener('event', () => { told += 1; });
  browser.socket.event('user.updated', user(2));
  browser.socket.hangUp();
  await browser.nextSocket();
  browser.socket.welcome(user(2), { cursor: 'c-1' });
  browser.socket.event('user.updated', user(2));
  assert.equal(told, 1);
  assert.deepEqual(acks(browser.socket), ['ack c-2']);
});

test('a page that leaves says what it has taken in, and a lost socket is told nothing', async () => {
  const { browser, notifications } = live();
  browser.socket.event('user.updated', user(2));
  browser.socket.event('user.updated', user(3));
  browser.socket.hangUp();
  await browser.nextSocket();
  browser.socket.welcome(user(3), { cursor: 'c-3' });
  assert.deepEqual(acks(browser.socket), []);
  browser.socket.event('user.updated', user(4));
  browser.socket.event('user.updated', user(5));
  notifications.close();
  assert.deepEqual(acks(browser.socket), ['ack c-4', 'ack c-5']);
  assert.equal(browser.socket.sentClose, 1000);
  await browser.pass(bounds.ackMs);
  assert.equal(browser.timers, 0);
});

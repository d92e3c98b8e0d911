// Redis loses what it had: wiped, restarted empty, from an older copy, with the end of its AOF cut off (R6). Nobody is
// signed out, nobody who had signed out is back, no status is older than the database's; on two nodes, with open sockets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { until } from '../support/process.mjs';
import { RedisProcess } from '../support/redis_process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({ authNodes: 2, makeRedis: (folder, socket) => new RedisProcess(folder, socket) });
});
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** The same browser, as it asks `node`. */
function browser(cookie, node) {
  const device = stack.device(node);
  for (const part of cookie.split('; ')) device.setCookie(...part.split('='));
  return device;
}

async function signedIn(person, node = 0) {
  const device = stack.device(node);
  await device.signIn(person);
  return device.cookie;
}

async function signOut(cookie) {
  assert.equal((await browser(cookie, 1).post('/api/auth/logout')).status, 200);
}

/** A socket that keeps the versions of the events it hears. */
class Listener {
  welcome = null;
  versions = [];
  closed = null;

  constructor(cookie, cursor) {
    this.socket = new WebSocket(stack.socketUrl + (cursor ? `?cursor=${cursor}` : ''), [],
                                { headers: { cookie, origin: stack.origin } });
    this.socket.on('message', (text) => {
      const frame = JSON.parse(text);
      if (frame.type === 'stagedoor.connection.welcome') this.welcome = frame;
      if (frame.type.startsWith('stagedoor.stage_manager.')) this.versions.push(frame.data.version);
    });
    this.socket.on('close', (code) => { this.closed = code; });
    this.socket.on('error', () => {});
  }
  isWelcome() { return until(() => this.welcome, { what: 'a welcome' }); }
}

/** Comes back, as browsers do, until it is welcome. */
async function listening(cookie, cursor) {
  return until(async () => {
    const listener = new Listener(cookie, cursor);
    return until(() => listener.welcome && listener, { withinMs: 500 }).catch(() => listener.socket.terminate());
  }, { what: 'a socket' });
}

/** What has to hold at any time, on both nodes. */
async function assertTrue({ living, ended, status }) {
  for (const node of [0, 1]) {
    const { status: code, body } = await browser(living, node).get('/api/auth/me');
    assert.deepEqual([code, body.user?.status], [200, status], JSON.stringify(body));
    for (const cookie of ended) {
      const refused = await browser(cookie, node).get('/api/auth/me');
      assert.equal(refused.status, 401, JSON.stringify(refused.body));
    }
  }
}

async function everythingIsPublished() {
  await until(() => stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output.trim() === '0',
              { what: 'every row being relayed' });
}

const fence = () => stack.redisCommand('GET', 'stagedoor:{fence}').split(' ');

/** Every node has a whole Redis, of another life than `life`. */
async function isWhole(life) {
  await until(() => fence()[5] === 'fed' && fence()[2] !== life, { what: 'the end of a replay' });
  for (const node of stack.auths) {
    await until(async () => /^stagedoor_fence_whole 1$/m.test(await (await fetch(`${node.opsUrl}/metrics`)).text()),
                { what: `${node.name} knowing it` });
  }
}

/**
 * Before `copy` a person is approved and signed in twice. After it one session ends, another begins and ends, and the
 * person is suspended and reinstated, which ends all sessions, and signs in once more. Then `lose` happens.
 */
async function lossStory(copy, lose) {
  const person = await stack.person();
  const [first, second] = [await signedIn(person, 0), await signedIn(person, 1)];
  await stack.decide(person, 'approve');
  const early = await listening(first);
  await everythingIsPublished();
  const saved = await copy();

  await signOut(second);
  const brief = await signedIn(person, 1);
  await signOut(brief);
  await stack.decide(person, 'suspend');
  await stack.decide(person, 'reinstate');
  const living = await signedIn(person);
  const truth = { living, ended: [first, second, brief], status: 'active' };
  const open = await listening(living);
  await everythingIsPublished();
  const life = fence()[2];

  await lose(saved);
  const deadline = performance.now() + 1_000;
  do await assertTrue(truth); while (performance.now() < deadline);
  await isWhole(life);
  await assertTrue(truth);

  // Redis itself agrees with the database again, and a tab that was away gets what it missed.
  const snapshot = JSON.parse(stack.redisCommand('GET', `stagedoor:{${person.id}}:user`));
  assert.deepEqual([snapshot.status, snapshot.version], ['active', 4]);
  const resumed = await listening(living, early.welcome.cursor);
  assert.equal(resumed.welcome.data.resumed, true);
  await until(() => resumed.versions.length === 2);
  assert.deepEqual(resumed.versions, [3, 4]);

  // Sockets hear what comes; the one that was open all the time, unless its record was gone when it was looked for: then it
  // was told to refresh and come back (N5).
  await stack.decide(person, 'suspend');
  await until(() => resumed.closed !== null && open.closed !== null, { what: 'the end of the sockets' });
  assert.equal(resumed.closed, 4403);
  assert.ok([4403, 4404].includes(open.closed), String(open.closed));
  await everythingIsPublished();
  for (const each of [early, open, resumed]) each.socket.terminate();
}

story('Redis is wiped under everybody', () => lossStory(() => {}, () => stack.redisCommand('FLUSHALL')));

story('Redis is restarted empty', () => lossStory(() => {}, () => stack.redis.restartEmpty()));

story('Redis is restarted from an older copy',
      () => lossStory(() => stack.redis.copyData(), (copy) => stack.redis.restartFrom(copy)));

story('Redis is restarted with the last part of its AOF cut off',
      // In the middle of a command, which Redis drops.
      () => lossStory(() => stack.redis.appended(), (length) => stack.redis.restartCutAt(length + 100)));

story('the key of the fence is deleted by hand', () => lossStory(() => {}, () => stack.redisCommand('DEL', 'stagedoor:{fence}')));

story('a node is killed in the middle of a replay, and the other one ends it', async () => {
  const [dies, lives] = stack.auths;
  const cookie = await signedIn(await stack.person(), 1);
  // Enough rows that a replay takes a while.
  stack.sqlite(`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                INSERT INTO users (id, email, display_name)
                SELECT printf('%08x-0000-4000-8000-%012x', i, i), 'many' || i || '@example.com', 'Many ' || i FROM n`);
  await until(() => stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output.trim() === '0',
              { what: 'everybody being relayed', withinMs: 60_000 });
  await lives.stop();
  stack.redisCommand('FLUSHALL');
  await until(() => fence()[5] === 'send' && Number(fence()[7]) > 0, { what: 'the replay being under way', everyMs: 1 });
  await dies.kill();
  const [, , life, , , step] = fence();
  assert.equal(step, 'send');
  await lives.start();
  await until(() => fence()[5] === 'fed', { what: 'the end of the replay', withinMs: 60_000 });
  assert.equal(fence()[2], life, 'it was gone on with, not begun anew');
  const streams = Number(stack.redisCommand('EVAL', "return #redis.call('KEYS', 'stagedoor:{*-*}:events')", '0'));
  assert.equal(streams, Number(stack.sqlite('SELECT count(*) FROM users').output));
  assert.equal((await browser(cookie, 1).get('/api/auth/me')).status, 200);
  await dies.start();
});

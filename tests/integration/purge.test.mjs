// The database does not grow for ever, and nobody notices when it is purged (R4, T1): of two nodes one deletes what everybody
// has heard of, and a Redis that comes back with a copy from before it is made whole all the same (R6).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from '../support/process.mjs';
import { RedisProcess } from '../support/redis_process.mjs';
import { startStack } from '../support/stack.mjs';

const day = 86_400_000;

let stack;
before(async () => {
  stack = await startStack({ authNodes: 2, makeRedis: (folder, socket) => new RedisProcess(folder, socket) });
});
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

const count = (what) => Number(stack.sqlite(`SELECT count(*) FROM ${what}`).output);

async function purged(table) {
  let sum = 0;
  for (const node of stack.auths) {
    const page = await (await fetch(`${node.opsUrl}/metrics`)).text();
    const found = new RegExp(`^stagedoor_purged_rows_total{table="${table}"} (\\d+)$`, 'm').exec(page);
    sum += Number(found[1]);
  }
  return sum;
}

/** The same browser, as it asks another node. */
function asking(node, browser) {
  const device = stack.device(node);
  for (const part of browser.cookie.split('; ')) device.setCookie(...part.split('='));
  return device;
}

async function signedIn(person, node = 0) {
  const device = stack.device(node);
  await device.signIn(person);
  return device;
}

story('a purge takes what is old, and a Redis from before it signs nobody out and nobody in', async () => {
  const person = await stack.person();
  const [living, leaving] = [await signedIn(person, 0), await signedIn(person, 1)];
  await stack.decide(person, 'approve');
  await until(() => count('outbox WHERE published_at_ms IS NULL') === 0, { what: 'everything being relayed' });
  const copy = await stack.redis.copyData();

  assert.equal((await asking(1, leaving).post('/api/auth/logout')).status, 200);
  // More changes than are kept, and a session that was over long ago.
  for (let i = 0; i < 70; ++i) stack.sqlite(`UPDATE users SET display_name = 'Name ${i}' WHERE id = '${person.id}'`);
  await until(() => count('outbox WHERE published_at_ms IS NULL') === 0, { what: 'everything being relayed' });
  const [rows, mine] = [count('outbox'), count(`outbox WHERE user_id = '${person.id}'`)];

  // A purge comes soon after a start; the one of the first start has found nothing, or has yet to come.
  for (const node of stack.auths) await node.stop();
  stack.sqlite(`UPDATE outbox SET published_at_ms = published_at_ms - ${8 * day}`);
  stack.sqlite(`INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms)
                VALUES ('00000000-0000-4000-8000-000000000001', '${person.id}', 1, 'pending', 1, 2)`);
  for (const node of stack.auths) await node.start();
  await until(async () => (await purged('outbox')) > 0 && (await purged('sessions')) > 0, { what: 'a purge' });
  await until(() => count(`outbox WHERE user_id = '${person.id}'`) === 64, { what: 'all that is old being gone' });
  assert.equal(await purged('outbox'), rows - count('outbox'), 'each row is counted once');
  assert.equal(await purged('outbox'), mine - 64);
  assert.equal(await purged('sessions'), 1);

  await stack.redis.restartFrom(copy);
  await stack.recovered();
  for (const node of [0, 1]) {
    const me = await asking(node, living).get('/api/auth/me');
    assert.deepEqual([me.status, me.body.user?.displayName], [200, 'Name 69']);
    assert.equal((await asking(node, leaving).get('/api/auth/me')).status, 401);
  }
  const devices = (await living.get('/api/auth/sessions')).body.items;
  assert.equal(devices.length, 1);
  const stream = stack.redisCommand('XLEN', `stagedoor:{${person.id}}:events`);
  assert.equal(Number(stream), 64, 'the stream begins where the outbox does');
});

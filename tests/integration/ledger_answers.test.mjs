// What people see while Redis or the database is away: one of each call, on two nodes, each answered within a second
// (the limit that is promised). The load that goes with it is tests/chaos.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from '../support/process.mjs';
import { RedisProcess } from '../support/redis_process.mjs';
import { SqlShell } from '../support/load/sql_shell.mjs';
import { startStack } from '../support/stack.mjs';

const promisedMs = 1_000;
const pausedMs = 6_000;  // longer than the story takes

let stack;
before(async () => {
  stack = await startStack({ authNodes: 2, makeRedis: (folder, socket) => new RedisProcess(folder, socket) });
});
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const code = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();

/** Waits for the answer and for the promise about it. */
async function promptly(call) {
  const asked = performance.now();
  const answer = await call;
  const took = performance.now() - asked;
  assert.ok(took < promisedMs, `answered after ${took.toFixed(0)} ms: ${JSON.stringify(answer.body)}`);
  return answer;
}

const metric = async (node, name) => {
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)[1]);
};
const believed = (node) => metric(node, 'stagedoor_redis_trusted');
const everybodyBelieves = (what) => until(
  async () => (await Promise.all(stack.auths.map(believed))).every((value) => value === (what ? 1 : 0)),
  { what: what ? 'Redis being believed' : 'Redis being doubted' });

/** A device of `person` that may be asked of any node. */
async function signedIn(person) {
  const device = stack.device();
  await device.signIn(person);
  return device;
}
const onNode = (node, device) => stack.device(node).get('/api/auth/me', { headers: { cookie: device.cookie } });

/** Everything that goes on without Redis. */
async function livesOn(people) {
  const { person, device, leaving, admin } = people;
  for (const node of [0, 1]) {
    const me = await promptly(onNode(node, device));
    assert.equal(code(me), '200');
    assert.equal(me.body.user.id, person.id);
  }
  assert.equal((await promptly(device.get('/api/stage-manager/profile'))).status, 200);
  assert.equal((await promptly(device.get('/'))).status, 303);

  const before = await promptly(device.post('/api/auth/refresh-session'));
  assert.equal(code(before), '200');

  const decided = await promptly(admin.post(`/api/admin/stage-managers/${person.id}/approve`));
  assert.equal(code(decided), '200');
  for (const node of [0, 1]) assert.equal((await promptly(onNode(node, device))).body.user.status, 'active');
  const told = await promptly(device.post('/api/auth/refresh-session'));
  assert.equal(told.body.statusChanged, true);
  assert.equal(told.body.redirectUrl, '/stage-manager');

  const { cookie } = leaving;
  assert.equal(code(await promptly(leaving.post('/api/auth/logout'))), '200');
  assert.equal(leaving.cookie, '');
  for (const node of [0, 1]) {
    const after = await promptly(stack.device(node).get('/api/auth/me', { headers: { cookie } }));
    assert.equal(code(after), '401 session_signed_out');
  }
  const late = stack.device(1);
  assert.equal(code(await promptly(late.post('/api/auth/login', { email: person.email, password: person.password }))), '200');
  assert.equal((await promptly(onNode(0, late))).status, 200);
  return late;
}

async function cast() {
  const person = await stack.person();
  return {
    person, device: await signedIn(person), leaving: await signedIn(person), admin: await stack.adminDevice(),
  };
}

const ways = [
  ['stopped', (redis) => redis.kill(), (redis) => redis.start()],
  ['frozen', (redis) => redis.freeze(), (redis) => redis.thaw()],
  ['paused', (redis) => redis.pause(pausedMs), () => {}],  // nobody can end it earlier: CLIENT UNPAUSE is held up as well
  ['out of memory', (redis) => redis.fillMemory(), (redis) => redis.giveMemory()],
  ['a replica', (redis) => redis.demote(), (redis) => redis.promote()],
];
for (const [name, begin, end] of ways) {
  story(`while Redis is ${name} everything goes on, at once and later, and it is believed again afterwards`, async () => {
    const [at_once, later] = [await cast(), await cast()];
    await begin(stack.redis);
    let devices;
    try {
      const first = await livesOn(at_once);
      await everybodyBelieves(false);
      const counted = await metric(stack.auth, 'stagedoor_session_ledger_answers_total\\{reason="untrusted"\\}');
      devices = [first, await livesOn(later), at_once.device, later.device];
      assert.ok(await metric(stack.auth, 'stagedoor_session_ledger_answers_total\\{reason="untrusted"\\}') > counted);
      if (name === 'stopped') {
        const ready = await fetch(`${stack.auth.opsUrl}/readyz`);
        assert.equal(ready.status, 200);
        const { conditions } = await ready.json();
        assert.match(conditions.find(({ name: of }) => of === 'sessions').reason, /ledger answers/);
      }
    } finally {
      await end(stack.redis);
    }
    await everybodyBelieves(true);
    for (const device of devices) {
      for (const node of [0, 1]) assert.equal((await promptly(onNode(node, device))).status, 200);
      assert.equal((await promptly(device.post('/api/auth/refresh-session'))).status, 200);
    }
  });
}

story('while the database is locked checks go on, and what needs it is told when to come again', async () => {
  const { person, device, admin } = await cast();
  const shell = new SqlShell(stack.databasePath);
  await shell.rows('BEGIN EXCLUSIVE');
  try {
    const { cookie } = device;
    for (const node of [0, 1]) assert.equal(code(await promptly(onNode(node, device))), '200');
    const calls = [
      () => device.post('/api/auth/logout'),
      () => admin.post(`/api/admin/stage-managers/${person.id}/approve`),
      () => stack.device().post('/api/auth/login', { email: person.email, password: person.password }),
    ];
    for (const call of calls) {
      const answer = await promptly(call());
      assert.equal(code(answer), '503 database_busy');
      assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    assert.equal(device.cookie, cookie);

    await stack.redis.freeze();
    const refused = await promptly(device.post('/api/auth/logout'));
    assert.equal(code(refused), '503 database_busy');
  } finally {
    stack.redis.thaw();
    await shell.rows('ROLLBACK');
    shell.close();
  }
  assert.equal(code(await device.post('/api/auth/logout')), '200');
});

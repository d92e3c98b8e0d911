// While Redis stands still one node can know from the ledger that a session is over, and another one still remember that it
// lives. A 401 that cannot be gainsaid any more is told, and no other (K10): two nodes with their caches are asked all the
// time, and whoever was told no by one of them is let in by neither.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { until } from '../support/process.mjs';
import { RedisProcess } from '../support/redis_process.mjs';
import { SqlShell } from '../support/load/sql_shell.mjs';
import { Wires } from '../support/load/wire.mjs';
import { startStack } from '../support/stack.mjs';

const promisedMs = 1_000;
const askedEveryMs = 5;
const pausedMs = 2_000;

let stack, sql;
before(async () => {
  stack = await startStack({ authNodes: 2, makeRedis: (folder, socket) => new RedisProcess(folder, socket) });
  sql = new SqlShell(stack.databasePath);
});
after(() => {
  sql?.close();
  return stack?.stop();
});

/** Asks both nodes again and again who is behind a cookie. */
class Questions {
  answers = [];
  #wires = stack.auths.map(({ port }) => new Wires(port));
  #timer = setInterval(() => this.#ask(), askedEveryMs);
  #request;

  constructor(cookie) {
    const host = new URL(stack.origin).host;
    this.#request = `GET /api/auth/me HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`;
  }

  #ask() {
    this.#wires.forEach((wires, node) => {
      wires.exchange(this.#request)?.then((answer) => this.answers.push({ node, ...answer }));
    });
  }

  of(node, status) { return this.answers.filter((each) => each.node === node && each.status === status); }
  async everyNodeSays(status) {
    await until(() => stack.auths.every((_, node) => this.of(node, status).length > 0), { what: `${status} on every node` });
  }

  stop() {
    clearInterval(this.#timer);
    this.#wires.forEach((wires) => wires.close());
  }
}

const believed = async () => {
  const counts = await Promise.all(stack.auths.map((node) => node.metrics()));
  return counts.every(({ stagedoor_redis_trusted: trusted }) => trusted === 1);
};

const standstills = {
  'frozen': { begin: (redis) => redis.freeze(), end: (redis) => redis.thaw() },
  'paused': { begin: (redis) => redis.pause(pausedMs), end: (redis) => redis.command('PING') },
};
const ends = {
  'its session ended by plain SQL': ({ id }) => sql.rows(
    `UPDATE sessions SET ended_at_ms = (SELECT now_ms FROM clock), end_reason = 'session_revoked' WHERE id = '${id}'`),
  'its user suspended by plain SQL': ({ person }) => sql.rows(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`),
  'signed out from another device': ({ id, other }) => other.delete(`/api/auth/sessions/${id}`),
  'signed out everywhere': ({ other }) => other.post('/api/auth/logout-all'),
};

for (const [standstill, { begin, end }] of Object.entries(standstills)) {
  for (const [name, does] of Object.entries(ends)) {
    test(`while Redis is ${standstill}, ${name}: whoever was told no is let in by no node`, (t) => stack.telling(async () => {
      await until(believed, { what: 'Redis being believed' });
      const person = await stack.person();
      await stack.decide(person, 'approve');
      const [device, other] = [stack.device(0), stack.device(0)];
      for (const each of [device, other]) await each.signIn(person);
      const { id } = (await device.get('/api/auth/me')).body.session;
      const questions = new Questions(device.cookie);
      try {
        await questions.everyNodeSays(200);
        await begin(stack.redis);
        await does({ id, person, other });
        await questions.everyNodeSays(401);
        await sleep(askedEveryMs);
      } finally {
        questions.stop();
        await end(stack.redis);
      }
      const answers = questions.answers.filter(({ status }) => status !== 0);  // those under way at the end were cut off
      const denied = Math.min(...answers.filter(({ status }) => status === 401).map(({ answered }) => answered));
      const gainsaid = answers.filter(({ status, sent }) => status === 200 && sent >= denied);
      assert.deepEqual(gainsaid.map(({ node, sent }) => `node ${node}, ${(sent - denied).toFixed(1)} ms later`), []);
      const slowest = Math.max(...answers.map(({ sent, answered }) => answered - sent));
      t.diagnostic(`${answers.length} answers, the slowest after ${slowest.toFixed(0)} ms`);
      assert.ok(slowest < promisedMs, `answered after ${slowest.toFixed(0)} ms`);
    })());
  }
}

// `stagectl approve --all-pending` for ten thousand people, on a terminal, while everything happens to it that happens at night:
// Ctrl-C, a restart, a server that is killed, one that stays away. Whatever it is, what was done is told, the same command goes on
// from there, nobody is decided about twice, and everybody who listens hears of it once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { addPeople } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { Random } from '../support/random.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';
import { barsIn, ctrlC, Terminal } from '../support/terminal.mjs';

const everybody = 10_000;

let stack, ctl, feed;
before(async () => {
  stack = await startStack();
  ctl = await Stagectl.at(stack.origin);
  assert.equal((await ctl.login(stack.admin)).code, exits.done);
  feed = await Feed.open();
});
after(async () => {
  await feed?.close();
  await Promise.all([stack?.stop(), ctl?.stop()]);
});
const told = (body) => (...args) => stack.telling(body)(...args);

const count = (what) => Number(stack.sqlite(`SELECT count(*) FROM ${what}`).output);
const allRelayed = () => until(() => count('outbox WHERE published_at_ms IS NULL') === 0, { what: 'everything being relayed', withinMs: 60_000 });

/** `stagectl watch`, as a script reads it: how often each event was told. */
class Feed {
  static async open() {
    const opened = new Feed();
    opened.seen = new Map();
    opened.watching = ctl.start(['watch', '--output', 'json', '--notify-url', `http://127.0.0.1:${stack.notify.port}/events`],
                                { withinMs: 600_000 });
    createInterface({ input: opened.watching.child.stdout }).on('line', (line) => {
      const { action, user, version } = JSON.parse(line);
      const event = `${user.id}.${version}`;
      if (action === 'approved') opened.seen.set(event, (opened.seen.get(event) ?? 0) + 1);
    });
    await until(async () => (await stack.notify.metrics()).stagedoor_sse_sockets > 0, { what: 'the feed being open' });
    return opened;
  }
  /** Waits until it has told of all `people`, and says how often of each. */
  async heardOf(people) {
    const times = () => people.map(({ id }) => this.seen.get(`${id}.2`) ?? 0);
    await until(() => !times().includes(0), { what: 'the feed', withinMs: 30_000, everyMs: 100 });
    return times();
  }
  async close() {
    this.watching.child.kill('SIGINT');
    assert.equal((await this.watching.ended).code, exits.interrupted);
  }
}

/** People who wait, of whom Redis knows; the first `signedIn` have a session. Their ids are random, and so is their order. */
async function crowdOf(size, crowd, signedIn = 0) {
  const people = addPeople(stack, size - signedIn, 0, { crowd });
  if (signedIn > 0) people.unshift(...addPeople(stack, signedIn, 1, { crowd: `${crowd}-in` }));
  await allRelayed();
  return people;
}

/** A tab of a person that keeps what it hears. */
async function tabOf({ cookies }) {
  const device = stack.device();
  await device.get('/api/auth/me', { headers: { cookie: cookies[0] } });
  const frames = [];
  const socket = new WebSocket(stack.socketUrl, { origin: stack.origin, headers: { cookie: cookies[0] } });
  socket.on('message', (text) => frames.push(JSON.parse(text))).on('error', () => {});
  await until(() => frames.some(({ type }) => type === 'stagedoor.connection.welcome'), { what: 'a welcome' });
  return { frames, close: () => socket.terminate(), versions: () => frames.filter(({ type }) => !type.includes('.connection.')).map(({ data }) => data.version) };
}

/** On a terminal, with what it tells scripts in a file. */
function approveAll(...args) {
  const file = join(stack.folder, `outcome-${process.hrtime.bigint()}.json`);
  const line = `exec "$0" approve --all-pending "$@" > ${file}`;
  const terminal = new Terminal(['sh', '-c', line, ctl.program, '--output', 'json', ...args], { env: ctl.environment });
  terminal.outcome = () => JSON.parse(readFileSync(file, 'utf8'));
  return terminal;
}
const passes = (done) => (terminal) => barsIn(terminal.output).some((bar) => bar.done >= done);

/** Everybody was approved once: by the database, by Redis, and by who listens. */
async function everybodyOnce(people, tabs = []) {
  await allRelayed();
  const among = `IN (SELECT id FROM users WHERE email LIKE '${people.at(-1).email.replace(/\d+@.*/, '')}%')`;
  assert.equal(count(`users WHERE id ${among} AND status = 'active' AND version = 2`), people.length);
  for (const [table, column] of [['outbox', 'event_type'], ['audit_log', 'action']]) {
    assert.equal(count(`${table} WHERE ${column} = 'approved' AND user_id ${among}`), people.length, table);
    assert.equal(count(`(SELECT 1 FROM ${table} WHERE ${column} = 'approved' AND user_id ${among} GROUP BY user_id)`), people.length, table);
  }
  const redis = new RedisClient(stack.redisSocket);
  await Promise.all(people.map(async ({ id }) => {
    const entries = await redis.command('XRANGE', `stagedoor:{${id}}:events`, '-', '+');
    assert.deepEqual(entries.map(([at]) => at), ['1-0', '2-0']);
    const { status, version } = JSON.parse(await redis.command('GET', `stagedoor:{${id}}:user`));
    assert.deepEqual([status, version], ['active', 2]);
  }));
  redis.close();
  assert.deepEqual((await feed.heardOf(people)).filter((times) => times > 1), []);
  for (const tab of tabs) {
    await until(() => tab.versions().length > 0, { what: 'a tab' });
    assert.deepEqual(tab.versions(), [2]);
    tab.close();
  }
}

test('ten thousand who wait: asked, drawn, told; and how fast it was', told(async () => {
  const people = await crowdOf(everybody, 'plain', 3);
  const tabs = await Promise.all(people.slice(0, 3).map(tabOf));
  const terminal = new Terminal([ctl.program, 'approve', '--all-pending', '--reason', 'Welcome to the house'], { env: ctl.environment });
  await terminal.says(/approve 10000 people who wait\? \[y\/N\] $/);
  const began = performance.now();
  terminal.type('y\r');
  assert.equal(await terminal.ended, exits.done, terminal.text);
  const seconds = (performance.now() - began) / 1000;
  assert.match(terminal.text, /\napprove: 10000 done, 0 already so, 0 refused\.\n$/);

  const bars = barsIn(terminal.output);
  assert.ok(bars.length > 1);
  for (const { what, full, width, done, total } of bars) {
    assert.deepEqual([what, width, total, full], ['approve', 30, everybody, Math.floor(30 * done / total)]);
  }
  assert.deepEqual(bars.map(({ done }) => done), bars.map(({ done }) => done).sort((a, b) => a - b));
  assert.equal(bars.at(-1).done, everybody);
  console.log(`${everybody} approved and relayed in ${seconds.toFixed(2)} s: ${Math.round(everybody / seconds)}/s, by stagectl's own bar ${bars.at(-1).rate}/s`);
  await everybodyOnce(people, tabs);
}));

test('a no is a no', told(async () => {
  const people = await crowdOf(2, 'no');
  const terminal = new Terminal([ctl.program, 'approve', '--all-pending'], { env: ctl.environment });
  await terminal.says(/2 people who wait\? \[y\/N\] $/);
  terminal.type('\r');
  assert.deepEqual([await terminal.ended, count("users WHERE status = 'pending'")], [exits.interrupted, 2]);
  assert.match(terminal.text, /\nstagectl: nothing was done\n$/);
  await ctl.run(['approve', ...people.map(({ id }) => id)]);
}));

test('ten thousand with Ctrl-C, a restart and kills in the middle: the same command goes on, and nobody is approved twice', told(async () => {
  const random = new Random();
  console.log(`STAGEDOOR_SEED=${random.seed}`);
  const people = await crowdOf(everybody, 'night', 3);
  const tabs = await Promise.all(people.slice(0, 3).map(tabOf));
  const batch = ['--yes', '--batch', '200'];

  const first = approveAll(...batch);
  await first.at(passes(600));
  first.type(ctrlC);
  assert.equal(await first.ended, exits.interrupted);
  assert.match(first.text, /\nstagectl: stopping: what is under way is finished and told; once more leaves at once\n/);
  assert.match(first.text, /\nstagectl: interrupted; run it again to go on: nobody is decided about twice\n$/);
  const left = everybody - first.outcome().counts.done;
  assert.ok(left > 0 && left < everybody, `${left} left`);
  assert.equal(first.outcome().left, left);
  assert.equal(count("users WHERE status = 'pending'"), left, 'what was told is what is');

  const second = approveAll(...batch);
  await second.at(passes(Math.floor(left / 5)));
  await stack.auth.stop();
  await second.says(/waiting \(\d+ s left\): http:\S+ cannot be reached/);
  await stack.auth.start();
  for (const share of [2, 3, 4]) {
    await second.at(passes(Math.floor(left * share / 5)));
    await new Promise((later) => { setTimeout(later, random.below(60)); });  // somewhere in a call
    await stack.auth.kill();
    await stack.auth.start();
  }
  assert.equal(await second.ended, exits.done, second.text);
  const { items, counts } = second.outcome();
  assert.equal(new Set(items.map(({ id }) => id)).size, left, 'each once');
  assert.equal(counts.done + counts.already, left);
  const already = items.filter(({ outcome }) => outcome === 'already');
  assert.ok(already.every(({ again, by }) => again === true && by.email === stack.admin.email), 'only by this very command');
  console.log(`after Ctrl-C ${left} were left; of them ${already.length} had been approved by calls that a kill cut off`);
  await everybodyOnce(people, tabs);
}));

test('a server that stays away: what was done is told, and how to go on', told(async () => {
  const people = await crowdOf(3_000, 'away');
  const script = ctl.start(['approve', '--all-pending', '--yes', '--batch', '50', '--patience', '1s']);
  await until(() => count("users WHERE status = 'pending'") < 2_900, { everyMs: 1 });
  await stack.auth.kill();
  const { code, stdout, stderr } = await script.ended;
  assert.equal(code, exits.unreachable);
  const [, done] = /^approve: (\d+) done, 0 already so, 0 refused\.\n/.exec(stdout);
  const lost = Number(/^Of (\d+) people more it is not known: the answer was lost\.\n/m.exec(stdout)?.[1] ?? 0);
  const [, left] = /^(\d+) people were not come to\.\n$/m.exec(stdout);
  assert.equal(Number(done) + lost + Number(left), people.length);
  const active = people.length - count("users WHERE status = 'pending'");
  assert.ok(Number(done) <= active && active <= Number(done) + lost, `${done} told, ${lost} lost, ${active} active`);
  assert.match(stderr, /^stagectl: waiting up to 1 s: http:\S+ (cannot be reached|broke off its answer): [^\n]+\nstagectl: \S+ cannot be reached: [^\n]+; run it again to go on: nobody is decided about twice\n$/);
  await stack.auth.start();
  assert.equal((await ctl.json(['approve', '--all-pending', '--yes'])).value.counts.done, people.length - active);
  await everybodyOnce(people);
}));

test('Ctrl-C while it waits for a server, and twice while one does not answer', told(async () => {
  const people = await crowdOf(6_000, 'twice');
  const waiting = approveAll('--yes', '--batch', '50');
  await waiting.at(passes(100));
  await stack.auth.kill();
  await waiting.says(/waiting \(\d+ s left\)/);
  waiting.type(ctrlC);
  assert.equal(await waiting.ended, exits.interrupted, waiting.text);
  const { counts, left } = waiting.outcome();
  assert.equal(counts.done + counts.unknown + left, people.length);
  await stack.auth.start();
  const active = people.length - count("users WHERE status = 'pending'");
  assert.ok(counts.done <= active && active <= counts.done + counts.unknown);

  process.kill(stack.auth.pid, 'SIGSTOP');
  const frozen = new Terminal([ctl.program, 'approve', ...people.slice(0, 2).map(({ id }) => id)], { env: ctl.environment });
  await frozen.says(/0\/2/);
  frozen.type(ctrlC);
  await frozen.says(/\nstagectl: stopping: what is under way is finished and told; once more leaves at once\r\n/);
  frozen.type(ctrlC);
  assert.equal(await frozen.ended, exits.interrupted);
  assert.match(frozen.text, /\nstagectl: left at once: what became of the last call is not told\. Run it again to go on; nobody is decided about twice\n$/);
  process.kill(stack.auth.pid, 'SIGCONT');
  assert.equal((await ctl.run(['approve', '--all-pending', '--yes'])).code, exits.done);
  await everybodyOnce(people);
  assert.equal(Math.max(...feed.seen.values()), 1, 'also of those before nothing came again');
}));

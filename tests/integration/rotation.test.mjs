// Rotation against real processes (K2, K3): two nodes, browsers with many tabs, answers that come late, in any order or
// never. The grace is short here, so that each round rotates; what it has to be longer than is kept short as well.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { KeptAlive } from '../support/kept_alive.mjs';
import { addPeople } from '../support/ledger.mjs';
import { Random } from '../support/random.mjs';
import { startStack } from '../support/stack.mjs';

const grace = 3_000;
const browsers = 100;
const rounds = process.env.STAGEDOOR_SESSION_CACHE === 'off' ? 3 : 10;  // refreshing never asks the cache
const tabs = 20;
const late = 40;             // ms an answer's cookie takes to the jar, at most
const veryLate = grace / 3;  // for those that straggle
const straggle = 0.3;        // so many do
const hasty = 0.2;           // rounds that follow at once, while stragglers are on their way

let stack;
let nodes;
before(async () => {
  stack = await startStack({ authNodes: 2, authFlags: ['--session-rotation-grace', `${grace}ms`] });
  nodes = stack.auths.map(({ port }) => new KeptAlive({ port, origin: stack.origin }));
});
after(async () => {
  for (const node of nodes ?? []) node.close();
  await stack?.stop();
});

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const refresh = (node, cookie) => node.post('/api/auth/refresh-session', cookie);
const me = (node, cookie) => node.get('/api/auth/me', cookie);
const generationOf = (cookie) => Buffer.from(cookie.split('=')[1], 'base64url').readUInt32BE(34);
const verdict = (answer) => (answer.status === 200 ? '200' : `${answer.status} ${answer.body.code}`);

/** Twenty tabs of one browser refresh at once; a jar takes the cookies in whatever order they come, in a later round too. */
class Browser {
  verdicts = new Map();
  cameLater = 0;  // cookies, after the round in which they had been asked for
  #round = 0;
  #onTheirWay = [];

  constructor(cookie, random) {
    this.cookie = cookie;
    this.random = random;
  }

  async round() {
    const round = ++this.#round;
    const before = this.cookie;
    const lost = this.random.chance(0.1) ? 1 : 0.3;  // now and then not one answer arrives
    await Promise.all(Array.from({ length: tabs }, async () => {
      const [node, start, delay] = [this.random.below(2), this.random.below(10), this.random.below(late)];
      const arrives = !this.random.chance(lost);
      await pause(start);
      const answer = await refresh(nodes[node], this.cookie);
      this.#note(answer);
      const straggles = this.random.chance(straggle) && pause(this.random.below(veryLate));
      if (straggles) return void this.#onTheirWay.push(straggles.then(() => arrives && this.#take(answer, round)));
      await pause(delay);
      if (arrives) this.#take(answer, round);
    }));
    if (this.random.chance(0.05)) this.cookie = before;  // a crash: what is on the disk is a little older
    this.#note(await me(nodes[this.random.below(2)], this.cookie));
  }

  /** Resolves when no cookie is on its way any more. */
  settled() { return Promise.all(this.#onTheirWay); }

  #take({ cookie }, round) {
    if (!cookie) return;
    this.cookie = cookie;
    if (round < this.#round) this.cameLater += 1;
  }

  #note(answer) {
    const said = verdict(answer);
    this.verdicts.set(said, (this.verdicts.get(said) ?? 0) + 1);
  }
}

story('a thousand rounds of twenty refreshes on two nodes log nobody out, and each session has one token', async (t) => {
  const random = new Random();
  t.diagnostic(`STAGEDOOR_SEED=${random.seed}`);
  const people = addPeople(stack, browsers, 1);
  const all = people.map((person) => new Browser(person.cookies[0], random.child()));
  await Promise.all(all.map(async (browser, i) => {
    await pause((grace * i) / browsers);  // not all at the same time
    for (let round = 0; round < rounds; ++round) {
      if (round > 0) await pause(browser.random.chance(hasty) ? browser.random.below(late) : grace);
      await browser.round();
    }
    await browser.settled();
  }));

  const said = {};
  for (const { verdicts } of all) for (const [key, n] of verdicts) said[key] = (said[key] ?? 0) + n;
  assert.deepEqual(said, { 200: browsers * rounds * (tabs + 1) });

  const rotations = all.reduce((sum, { cookie }) => sum + generationOf(cookie), 0);
  const cameLater = all.reduce((sum, browser) => sum + browser.cameLater, 0);
  t.diagnostic(`${browsers * rounds} rounds, ${rotations} rotations; ${cameLater} cookies came in a later round`);
  assert.ok(cameLater > (browsers * rounds) / 100, 'answers were late');
  assert.ok(rotations > (browsers * rounds) / 2, `only ${rotations} rotations: the rounds did not race for one`);

  for (const { cookie } of all) {
    // What the jar holds is the current token, or its predecessor, which is handed the current one.
    const handed = (await refresh(nodes[0], cookie)).cookie ?? cookie;
    for (const node of nodes) assert.equal(verdict(await me(node, handed)), '200');
  }
  assert.equal(stack.redisCommand('--scan', '--pattern', 'stagedoor:{*}:session:*').split('\n').length, browsers);
  const ids = people.map(({ id }) => `'${id}'`).join();
  assert.equal(stack.sqlite(`SELECT count(*), sum(ended_at_ms IS NULL) FROM sessions WHERE user_id IN (${ids})`).output,
               `${browsers}|${browsers}\n`);
});

story('a token older than the grace ends its session on both nodes, and the ledger says so', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const stolen = device.cookie;
  await device.post('/api/auth/refresh-session');
  const own = device.cookie;
  assert.equal(generationOf(own), 1);
  assert.equal(verdict(await me(nodes[1], own)), '200');
  assert.equal(verdict(await me(nodes[1], stolen)), '200', 'within the grace both are good');
  await pause(grace);
  assert.equal(verdict(await me(nodes[0], own)), '200');

  assert.equal(verdict(await me(nodes[1], stolen)), '401 session_token_reused');
  const everybodyIsOut = async () => {
    for (const node of nodes) {
      for (const cookie of [own, stolen]) {
        assert.equal(verdict(await me(node, cookie)), '401 session_token_reused');
        assert.equal(verdict(await refresh(node, cookie)), '401 session_token_reused');
      }
    }
  };
  await everybodyIsOut();
  assert.equal(stack.sqlite(`SELECT end_reason FROM sessions WHERE user_id = '${person.id}'`).output,
               'session_token_reused\n');
  const key = stack.redisCommand('--scan', '--pattern', `stagedoor:{${person.id}}:session:*`);
  assert.match(stack.redisCommand('GET', key), /^x1 session_token_reused /);

  stack.redisCommand('DEL', key);  // as when the tombstone's time is over
  await everybodyIsOut();
});

// Ends that race everything else: no write brings an ended session back (K2, K6), and no sign-in under way slips past
// the end of all (K7). Two nodes; afterwards they, Redis and the ledger have to agree.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Ageing, recordKey } from '../support/ageing.mjs';
import { KeptAlive } from '../support/kept_alive.mjs';
import { addPeople, signingKey, tokenOf } from '../support/ledger.mjs';
import { Random } from '../support/random.mjs';
import { startStack } from '../support/stack.mjs';

const grace = 2_000;
const usesEach = 20;
const raceMs = 40;

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
const call = {
  check: (node, cookie) => node.get('/api/auth/me', cookie),
  refresh: (node, cookie) => node.post('/api/auth/refresh-session', cookie),
  signOut: (node, cookie) => node.post('/api/auth/logout', cookie),
};
const verdict = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();
const sessionOf = (cookie) => Buffer.from(cookie.split('=')[1], 'base64url').toString('hex').slice(36, 68)
  .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const rowsOf = (query) => stack.sqlite(query).output.split('\n').filter(Boolean).map((line) => line.split('|'));

/** Counts what the services wrote into records: touches, first uses, rotations; and how often they tried. */
class Swaps {
  tried = 0;
  done = 0;
  #seen = '';
  #socket = connect(stack.redisSocket);

  async begin() {
    this.#socket.setEncoding('latin1').on('data', (text) => {
      const lines = (this.#seen + text).split('\r\n');
      this.#seen = lines.pop();
      this.tried += lines.filter((line) => /\] "EVALSHA" "\w+" "1" "stagedoor:\{[^"]+:session:[^"]+" "r\d /.test(line)).length;
      this.done += lines.filter((line) => / lua\] "SET" "stagedoor:\{[^"]+:session:[^"]+" "r\d /.test(line)).length;
    });
    this.#socket.write('MONITOR\r\n');
    await once(this.#socket, 'data');
  }

  end() { this.#socket.destroy(); }
}

/** The cookie of a session that has been rotated, and whose first token is dead: the next refresh rotates it again (K3). */
async function travelled(cookies) {
  const rotated = await Promise.all(cookies.map(async (cookie) => (await call.refresh(nodes[0], cookie)).cookie));
  const use = () => Promise.all(rotated.map(async (cookie) => assert.equal((await call.check(nodes[1], cookie)).status, 200)));
  await use();
  await pause(grace);
  await use();
  return rotated;
}

story('a sign-out that races a thousand uses and refreshes leaves no survivor', async (t) => {
  const random = new Random();
  t.diagnostic(`STAGEDOOR_SEED=${random.seed}`);
  const people = addPeople(stack, 50, 1);
  const old = people.filter((_, i) => i % 2 === 1);
  (await travelled(old.map(({ cookies: [cookie] }) => cookie))).forEach((cookie, i) => { old[i].cookies[0] = cookie; });
  const survivors = [];
  const odd = [];
  const ageing = new Ageing(stack);
  const swaps = new Swaps();
  await swaps.begin();
  let before = 0;
  for (const { id, cookies: [cookie], sessions: [session] } of people) {
    // Half of them are in Redis already; of the others the records are made while they end.
    if (random.chance(0.5)) assert.equal((await call.check(nodes[0], cookie)).status, 200);
    let over = false;
    let jar = cookie;
    const uses = Array.from({ length: usesEach }, async () => {
      const [node, what, start] = [nodes[random.below(2)], random.chance(0.5) ? 'check' : 'refresh', random.below(raceMs)];
      await pause(start);
      await ageing.unusedFor(1, recordKey(id, session));  // so that it is worth a write (K6)
      const startedAfter = over;
      const answer = await call[what](node, jar);
      jar = answer.cookie ?? jar;
      if (answer.status === 200) startedAfter ? survivors.push(`${what} of ${id}`) : ++before;
      else if (verdict(answer) !== '401 session_signed_out') odd.push(`${what}: ${verdict(answer)}`);
    });
    await pause(random.below(raceMs));
    const ended = await call.signOut(nodes[random.below(2)], jar);
    over = true;
    assert.equal(ended.status, 200);
    await Promise.all(uses);
  }
  swaps.end();
  ageing.close();
  t.diagnostic(`of 1000 uses ${before} came before the end; ${swaps.done} of ${swaps.tried} attempts to replace a record did so`);
  assert.deepEqual({ survivors, odd }, { survivors: [], odd: [] });
  assert.ok(before > 50 && before < 950, 'the ends raced the uses');
  assert.ok(swaps.tried > before / 2 && swaps.done > before / 4, 'the uses wrote');

  const key = signingKey(stack);
  const sessions = new Map(rowsOf('SELECT user_id, id FROM sessions'));
  const keys = people.map(({ id }) => recordKey(id, sessions.get(id)));
  const nobodyIsBack = async () => {
    for (const { id, cookies: [cookie] } of people) {
      for (const generation of [0, 1, 2, 3]) {
        const token = `${cookie.split('=')[0]}=${tokenOf(key, id, sessions.get(id), generation)}`;
        for (const node of nodes) assert.equal(verdict(await call.check(node, token)), '401 session_signed_out');
      }
    }
    for (const stored of stack.redisCommand('MGET', ...keys).split('\n')) assert.match(stored, /^x1 session_signed_out /);
  };
  await nobodyIsBack();
  assert.deepEqual(rowsOf('SELECT end_reason, count(*) FROM sessions GROUP BY 1'), [['session_signed_out', '50']]);

  stack.redisCommand('DEL', ...keys);  // as when the tombstones' time is over
  await nobodyIsBack();
});

/** People who sign in while all their sessions end; each session answers by its epoch, and none from before. */
async function raceSignIns(t, endAll) {
  const random = new Random();
  t.diagnostic(`STAGEDOOR_SEED=${random.seed}`);
  const survivors = [];
  const answers = new Map();
  let fromBefore = 0, fromAfter = 0;
  for (let round = 0; round < 10; ++round) {
    const person = await stack.person();
    await stack.decide(person, 'approve');
    const devices = [];
    const signIn = async () => {
      const device = stack.device(random.below(2));
      const answer = await device.post('/api/auth/login', { email: person.email, password: person.password });
      answers.set(verdict(answer), (answers.get(verdict(answer)) ?? 0) + 1);
      if (answer.status === 200) devices.push(device);
      else assert.ok([403, 429, 503].includes(answer.status) || answer.body.code === 'session_revoked', verdict(answer));
    };
    await signIn();
    const underWay = Array.from({ length: 4 }, async () => {
      await pause(random.below(60));
      await signIn();
    });
    await pause(random.below(60));
    const told = [...devices];
    await endAll(person, told[0]);
    for (const device of told) {
      if ((await device.get('/api/auth/me')).status !== 401) survivors.push('told of before the end');
    }
    await Promise.all(underWay);

    const lives = new Map(rowsOf('SELECT sessions.id, sessions.epoch = users.epoch FROM sessions JOIN users'
                                 + ` ON users.id = sessions.user_id WHERE users.id = '${person.id}'`));
    for (const { cookie } of devices) {
      const fromNow = lives.get(sessionOf(cookie)) === '1';
      fromNow ? ++fromAfter : ++fromBefore;
      for (const node of nodes) {
        const said = verdict(await call.check(node, cookie));
        if (fromNow) assert.equal(said, '200', 'a session from after the end lives');
        else if (!said.startsWith('401')) survivors.push(`${cookie}: ${said}`);
      }
    }
  }
  t.diagnostic(`${[...answers].map(([answer, n]) => `${n} × ${answer}`).join(' ')}; ${fromBefore} sign-ins read the row before the end, ${fromAfter} after it`);
  assert.ok(fromBefore > 0, 'nobody was signed in before the end');
  assert.deepEqual(survivors, []);
}

story('a suspension that races sign-ins leaves no survivor, not even after reinstating', async (t) => {
  const admin = await stack.adminDevice();
  await raceSignIns(t, async ({ id }) => {
    for (const action of ['suspend', 'reinstate']) {
      assert.equal((await admin.post(`/api/admin/stage-managers/${id}/${action}`, {})).status, 200);
    }
  });
});

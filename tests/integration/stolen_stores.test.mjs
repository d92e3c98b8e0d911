// Somebody has a dump of Redis and a copy of the database, and nothing else. They know who is signed in where, and cannot
// sign in as any of them: neither store holds a token, a proof, a password or a key, in whatever writing, and nothing
// that is in them, presented as a proof or a password or used as a key, opens the door.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { signingKey, tokenOf } from '../support/ledger.mjs';
import { fields, Wires } from '../support/load/wire.mjs';
import { RedisProcess } from '../support/redis_process.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const forgeriesAtOnce = 32;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const tokenContext = Buffer.from('stagedoor session token 1:');  // from the source, which is no secret
const bytesOf = (id) => Buffer.from(id.replaceAll('-', ''), 'hex');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

let stack;
let victims;   // {person, device}: signed in, at all stages a session can be in
let loot;      // {redis: Map, texts: [string], bytes: Buffer}: what was stolen
before(async () => {
  // Anybody may say where they come from, so that no limit stands in for the proof.
  stack = await startStack({ authFlags: ['--log-level', 'warn', '--trusted-proxy', '127.0.0.1/32'],
                             makeRedis: (folder, socket) => new RedisProcess(folder, socket) });
  victims = await peopleInAllStages();
  loot = await steal();
});
after(() => stack?.stop());

async function peopleInAllStages() {
  const signedIn = async (person, device = stack.device()) => {
    await device.signIn(person);
    return { person, device };
  };
  const fresh = await signedIn(await stack.person('Just signed in'));
  const rotated = await signedIn(await stack.person('Rotated'));
  await stack.decide(rotated.person, 'approve', { reason: 'Welcome' });
  await rotated.device.post('/api/auth/refresh-session');
  const rebuilt = await signedIn(await stack.person('Rebuilt'));
  await stack.redis.command('FLUSHALL');
  const left = await signedIn(fresh.person);
  await left.device.post('/api/auth/logout');
  const admin = { person: stack.admin, device: await stack.adminDevice() };
  const all = [fresh, rotated, rebuilt, admin];
  // Redis is believed again, and has a record of each, once what was wiped has been replayed.
  for (const { device } of all) {
    const { user, session } = claimsOf(tokenIn(device));
    await until(async () => {
      assert.equal((await device.get('/api/auth/me')).status, 200);
      return String(await stack.redis.command('GET', `stagedoor:{${user}}:session:${session}`)).startsWith('r');
    }, { what: 'a record in Redis' });
  }
  return all;
}

/** Every value of Redis and every value of the database, and the files of both as they lie on the disk. */
async function steal() {
  const redis = await stack.redis.dump();
  const tables = stack.sqlite("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'").output.trim().split('\n');
  const rows = tables.map((table) => stack.sqlite(`.mode quote\nSELECT * FROM ${table}`).output);
  const database = dirname(stack.databasePath);
  const files = [...readdirSync(database).filter((name) => name.includes('.db')).map((name) => join(database, name)),
                 ...readdirSync(join(stack.folder, 'appendonlydir')).map((name) => join(stack.folder, 'appendonlydir', name))];
  return {
    redis,
    texts: [...[...redis].flat(2).map(String), ...rows],
    bytes: Buffer.concat(files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path))),
  };
}

const tokenIn = (device) => device.cookie.split('=')[1];
const claimsOf = (token) => {
  const bytes = Buffer.from(token, 'base64url');
  const id = (from) => bytes.toString('hex', from, from + 16).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  return { key: bytes[1], user: id(2), session: id(18), generation: bytes.readUInt32BE(34), proof: bytes.subarray(38) };
};

/** All the ways in which bytes can be written, also in the midst of a longer base64 text. */
function writingsOf(bytes) {
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice(Math.ceil(offset * 4 / 3), Math.floor((offset + bytes.length) * 4 / 3));
  });
  return [bytes.toString('latin1'), bytes.toString('hex'), bytes.toString('hex').toUpperCase(),
          ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

function isIn(stolen, bytes) {
  const files = stolen.bytes.toString('latin1');
  return writingsOf(bytes).some((writing) => files.includes(writing) || stolen.texts.some((text) => text.includes(writing)));
}

test('neither store holds a token, a proof, a password or a key', () => {
  const secrets = new Map([['the signing key', signingKey(stack).key]]);
  for (const { person, device } of victims) {
    const token = tokenIn(device);
    const { proof } = claimsOf(token);
    secrets.set(`the token of ${person.email}`, Buffer.from(token, 'base64url'));
    secrets.set(`the token's text of ${person.email}`, Buffer.from(token));
    secrets.set(`the proof of ${person.email}`, proof);
    secrets.set(`half of the proof of ${person.email}`, proof.subarray(0, 8));
    secrets.set(`the other half of the proof of ${person.email}`, proof.subarray(8));
    secrets.set(`the password of ${person.email}`, Buffer.from(person.password));
  }
  assert.deepEqual([...secrets].filter(([, bytes]) => isIn(loot, bytes)).map(([name]) => name), []);

  // The search does find what is there: who somebody is, and the digest of their proof.
  for (const { device } of victims) {
    const { session, proof } = claimsOf(tokenIn(device));
    assert.ok(isIn(loot, Buffer.from(session)), 'the session id');
    assert.ok(isIn(loot, sha256(proof).subarray(0, 16)), 'the digest of the proof');
  }
});

/** Everything in the loot that could be bytes of a secret: by its length, or cut to it. */
function candidates() {
  const found = new Set();
  const add = (bytes) => { if (bytes.length >= 16) for (const at of [0, bytes.length - 16]) found.add(bytes.toString('hex', at, at + 16)); };
  const words = new Set(loot.texts.flatMap((text) => text.match(/[A-Za-z0-9+/_=-]{16,}/g) ?? []));
  for (const word of words) {
    if (/^[0-9a-f]{32,}$/i.test(word)) add(Buffer.from(word, 'hex'));
    if (word.length >= 22) add(Buffer.from(word, 'base64'));
    if (word.match(uuid)?.[0] === word) add(bytesOf(word));
  }
  for (const text of loot.texts.filter((each) => each.length < 2_000)) found.add(sha256(text).toString('hex', 0, 16));
  return [...found].map((hex) => Buffer.from(hex, 'hex'));
}

const claimsBytes = (key, user, session, generation) => {
  const claims = Buffer.alloc(38);
  claims.writeUInt8(1, 0);
  claims.writeUInt8(key, 1);
  bytesOf(user).copy(claims, 2);
  bytesOf(session).copy(claims, 18);
  claims.writeUInt32BE(generation, 34);
  return claims;
};

/** Sends each request; how often which status came back. None may set a cookie. */
async function present(requests, atOnce = forgeriesAtOnce) {
  const wires = new Wires(stack.auth.port);
  const statuses = new Map();
  const next = async () => {
    for (let request = requests.pop(); request; request = requests.pop()) {
      const answer = await wires.exchange(request);
      const handed = fields(answer, 'set-cookie').filter((field) => !/max-age=0\b/i.test(field));
      assert.deepEqual(handed, [], `a cookie for ${request}`);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  wires.close();
  return statuses;
}

const me = (head) => `GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`;
const withToken = (token) => me(`Cookie: stagedoor-${stack.auth.port}=${token}`);

test('nothing in them is the proof of a token, nor the key that makes one', async (t) => {
  const forged = new Set();
  const targets = victims.map(({ device }) => claimsOf(tokenIn(device)));
  const likely = candidates();
  for (const { key, user, session, generation } of targets) {
    for (const aGeneration of [0, generation, generation + 1]) {
      const claims = claimsBytes(key, user, session, aGeneration);
      for (const bytes of likely) {
        forged.add(Buffer.concat([claims, bytes]).toString('base64url'));
        const made = createHmac('sha256', bytes).update(tokenContext).update(claims).digest().subarray(0, 16);
        forged.add(Buffer.concat([claims, made]).toString('base64url'));
      }
      for (const weak of ['', '\0'.repeat(32), 'stagedoor']) {
        const made = createHmac('sha256', weak).update(tokenContext).update(claims).digest().subarray(0, 16);
        forged.add(Buffer.concat([claims, made]).toString('base64url'));
      }
    }
  }
  for (const { device } of victims) assert.ok(!forged.has(tokenIn(device)));
  t.diagnostic(`${likely.length} candidates, ${forged.size} tokens`);
  assert.ok(forged.size > 1_000);
  assert.deepEqual([...(await present([...forged].map(withToken))).keys()], [401]);

  // A token that was made with the key is let in: it is the proof that was missing.
  const { user, session, generation } = targets[0];
  const genuine = tokenOf(signingKey(stack), user, session, generation);
  assert.deepEqual([...(await present([withToken(genuine)])).keys()], [200]);
});

test('nothing in them opens the door by itself: as a cookie, a bearer token, a password', async () => {
  const words = [...new Set(loot.texts.flatMap((text) => text.match(/[!-~]{8,256}/g) ?? []))].filter((word) => !/[;,"\\]/.test(word));
  const asked = words.flatMap((word) => [withToken(word), me(`Authorization: Bearer ${word}`)]);
  assert.deepEqual([...(await present(asked)).keys()], [401]);

  const logins = [];
  for (const { person } of victims) {
    const [id, hash] = stack.sqlite(`SELECT id || ' ' || password_hash FROM users WHERE email = '${person.email}'`).output.trim().split(' ');
    const [salt, digest] = hash.split('$').slice(-2);
    for (const password of [hash, salt, digest, salt + digest, Buffer.from(digest, 'base64').toString('hex'), id, person.email]) {
      const body = JSON.stringify({ email: person.email, password });
      logins.push(`POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nOrigin: ${stack.origin}\r\nX-Forwarded-For: 10.0.${logins.length}.7\r\n`
                  + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  }
  const statuses = await present(logins, 2);  // no more than a hashing thread on a busy machine gets through
  assert.ok(statuses.get(401) >= victims.length, 'passwords were compared');
  assert.deepEqual([...statuses.keys()].filter((status) => status !== 401 && status !== 429), []);
});

// While what was wiped is still being replayed, a push node answers 503.
const closeCodeOf = (cookie) => until(async () => {
  const socket = new WebSocket(stack.socketUrl, ['cloudevents.json'], { headers: { origin: stack.origin, cookie } });
  try {
    const [code] = await once(socket, 'close');
    return code;
  } catch (error) {
    if (error.message.endsWith(' 503')) return undefined;
    throw Object.assign(error, { fatal: true });
  }
}, { what: 'a push node that serves' });

test('nor does a digest that Redis holds open a socket, on a node that has no keys', async () => {
  for (const { device } of victims) {
    const { key, user, session, generation, proof } = claimsOf(tokenIn(device));
    const digest = sha256(proof).subarray(0, 16);
    const forged = Buffer.concat([claimsBytes(key, user, session, generation), digest]).toString('base64url');
    assert.equal(await closeCodeOf(`stagedoor-${stack.auth.port}=${forged}`), 4401);
  }
});

test('and nobody was put out by the attempts', async () => {
  for (const { device } of victims) assert.equal((await device.get('/api/auth/me')).status, 200);
});

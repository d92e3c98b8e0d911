// API tokens over their life: made once, used, seen, ended by everything that ends them, at the very next call.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { allItems, makeToken, withToken } from '../support/admin.mjs';
import { programOf, startStack } from '../support/stack.mjs';

let stack;
let admin;
before(async () => {
  stack = await startStack({ authNodes: 2 });
  admin = await stack.adminDevice();
});
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const list = '/api/admin/stage-managers';
const createToken = (...flags) =>
  spawnSync(programOf('auth-service'), ['create-token', '--database-url', `sqlite:${stack.databasePath}`, ...flags], { encoding: 'utf8' });

/** Another admin, signed in: `{device, email, id}`. */
async function anotherAdmin(email) {
  const password = 'house-lights-up-1';
  const made = spawnSync(programOf('auth-service'), ['create-admin', '--database-url', `sqlite:${stack.databasePath}`, '--email', email, '--password-stdin'],
                         { input: `${password}\n`, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const device = stack.device();
  await device.signIn({ email, password });
  return { device, email, password, id: (await device.get('/api/auth/me')).body.user.id };
}

told('a token is shown once, found by scanners, checked by its last six characters, and kept as a digest', async () => {
  const { token, apiToken } = await makeToken(admin, 'read');
  assert.match(token, /^stagedoor_[0-9A-Za-z]{49}$/);
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let number = createHash('sha256').update(token.slice(0, -6)).digest().readUInt32BE(0);
  let check = '';
  for (let i = 0; i < 6; ++i, number = Math.floor(number / 62)) check = digits[number % 62] + check;
  assert.equal(token.slice(-6), check);
  const { output } = stack.sqlite(`SELECT hex(token_hash) FROM api_tokens WHERE id = '${apiToken.id}'`);
  assert.equal(output.trim().toLowerCase(), createHash('sha256').update(token).digest('hex'));
  assert.ok(!JSON.stringify((await admin.get('/api/admin/tokens')).body).includes(token));
  assert.ok(!stack.auth.output.includes(token.slice(0, 20)));
});

told('the list says whose, what for, until when and when it was last used', async () => {
  const { token, apiToken } = await makeToken(admin, 'approve', { expiresInDays: 1 });
  const seen = async () => (await allItems(admin, '/api/admin/tokens')).find(({ id }) => id === apiToken.id);
  const fresh = await seen();
  assert.deepEqual(fresh, apiToken);
  assert.deepEqual([fresh.lastUsedAt, fresh.revokedAt, fresh.owner.email, fresh.scope], [null, null, stack.admin.email, 'approve']);
  assert.equal(new Date(fresh.expiresAt) - new Date(fresh.createdAt), 86_400_000);
  assert.equal((await withToken(stack, token, 1).get(list)).status, 200);
  assert.ok(new Date((await seen()).lastUsedAt) >= new Date(fresh.createdAt));
});

told('a revoked token is over at its next call on every node, and its end is final', async () => {
  const { token, apiToken } = await makeToken(admin, 'approve');
  const callers = [withToken(stack, token, 0), withToken(stack, token, 1)];
  for (const caller of callers) assert.equal((await caller.get(list)).status, 200);
  assert.equal((await admin.delete(`/api/admin/tokens/${apiToken.id}`)).status, 204);
  for (const caller of callers) {
    const answer = await caller.get(list);
    assert.deepEqual([answer.status, answer.body.code], [401, 'token_revoked']);
  }
  assert.equal((await admin.delete(`/api/admin/tokens/${apiToken.id}`)).status, 204);
  assert.throws(() => stack.sqlite(`UPDATE api_tokens SET revoked_at_ms = NULL WHERE id = '${apiToken.id}'`), /token_revoked/);
  assert.equal((await admin.delete('/api/admin/tokens/01890a5d-ac96-774b-bcce-b302099a8057')).status, 404);
});

told('a token may end itself, and nothing else of its kind', async () => {
  const [mine, other] = [await makeToken(admin, 'read'), await makeToken(admin, 'read')];
  const caller = withToken(stack, mine.token);
  assert.equal((await caller.delete(`/api/admin/tokens/${other.apiToken.id}`)).body.code, 'insufficient_scope');
  assert.equal((await caller.delete(`/api/admin/tokens/${mine.apiToken.id}`)).status, 204);
  assert.equal((await caller.get(list)).body.code, 'token_revoked');
});

told('a token that has expired says so', async () => {
  const made = createToken('--email', stack.admin.email, '--name', 'short', '--life', '1m');
  const token = made.stdout.trim();
  assert.equal((await withToken(stack, token).get(list)).status, 200);
  // The database's clock cannot be turned: the row is made older than the triggers let anybody make it.
  const trigger = stack.sqlite("SELECT sql FROM sqlite_schema WHERE name = 'api_tokens_update_rules'").output;
  stack.sqlite(`BEGIN; DROP TRIGGER api_tokens_update_rules; UPDATE api_tokens SET created_at_ms = 0, expires_at_ms = 1 WHERE name = 'short'; ${trigger}; COMMIT`);
  assert.equal((await withToken(stack, token).get(list)).body.code, 'token_expired');
});

for (const [name, sql] of [['their role, by SQL', "role = 'stage_manager'"], ['their status, by SQL', "status = 'suspended'"]]) {
  told(`whoever loses ${name}, loses their tokens at the next call, and for good`, async () => {
    const other = await anotherAdmin(`${sql.replaceAll(/\W/g, '')}@example.com`);
    const { token } = await makeToken(other.device, 'approve');
    const caller = withToken(stack, token, 1);
    assert.equal((await caller.get(list)).status, 200);
    stack.sqlite(`UPDATE users SET ${sql} WHERE id = '${other.id}'`);
    assert.equal((await caller.get(list)).body.code, 'token_revoked');
    stack.sqlite(`UPDATE users SET role = 'admin', status = 'active' WHERE id = '${other.id}'`);
    assert.equal((await caller.get(list)).body.code, 'token_revoked');
    const revoked = await allItems(admin, `/api/admin/audit?action=token_revoked&user=${other.id}`);
    assert.deepEqual(revoked.map(({ actor, origin, details }) => [actor.id, origin, details.scope]), [['sql', 'sql', 'approve']]);
  });
}

told('what is done with a token is its owner\'s doing, and the audit log names the token', async () => {
  const { token, apiToken } = await makeToken(admin, 'approve');
  const person = await stack.person();
  const { body } = await withToken(stack, token).post(`/api/admin/stage-managers/${person.id}/approve`, { reason: 'by a tool' });
  assert.equal(body.by.email, stack.admin.email);
  const [entry] = await allItems(admin, `/api/admin/audit?user=${person.id}&action=approved`);
  assert.deepEqual([entry.actor.email, entry.origin, entry.tokenId, entry.address, entry.reason],
                   [stack.admin.email, 'token', apiToken.id, '127.0.0.1', 'by a tool']);
});

told('wrong wishes are refused by field, and more than 50 living tokens at all', async () => {
  for (const [wish, ...fields] of [[{}, 'name', 'scope'], [{ name: ' ', scope: 'read' }, 'name'], [{ name: 'x', scope: 'all' }, 'scope'],
                                   [{ name: 'a\nb', scope: 'read' }, 'name'], [{ name: 'x', scope: 'read', expiresInDays: 0 }, 'expiresInDays'],
                                   [{ name: 'x', scope: 'read', expiresInDays: 367 }, 'expiresInDays'], [{ name: 'x', scope: 'read', token: 'mine' }, 'token']]) {
    const { status, body } = await admin.post('/api/admin/tokens', wish);
    assert.equal(status, 422);
    assert.deepEqual([...new Set(body.errors.map(({ field }) => field))].sort(), fields.sort());
  }
  const other = await anotherAdmin('collector@example.com');
  for (let i = 0; i < 50; ++i) await makeToken(other.device, 'read');
  const { status, body } = await other.device.post('/api/admin/tokens', { name: 'one more', scope: 'read' });
  assert.deepEqual([status, body.code], [409, 'too_many_tokens']);
});

told('create-token makes one on the command line, for an admin alone, and prints nothing else on stdout', async () => {
  const made = createToken('--email', stack.admin.email.toUpperCase(), '--name', 'a script', '--scope', 'approve');
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /^stagedoor_[0-9A-Za-z]{49}\n$/);
  assert.equal((await withToken(stack, made.stdout.trim()).get(list)).status, 200);
  const [entry] = await allItems(admin, '/api/admin/audit?actor=create-token');
  assert.deepEqual([entry.action, entry.origin, entry.details.scope], ['token_created', 'cli', 'approve']);
  const person = await stack.person();
  for (const [flags, why] of [[['--email', person.email, '--name', 'x'], /no active admin/], [['--email', 'nobody@example.com', '--name', 'x'], /nobody has/],
                              [['--email', stack.admin.email, '--name', ' '], /name/], [['--email', stack.admin.email, '--name', 'x', '--life', '2000d'], /life/]]) {
    const refused = createToken(...flags);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, why);
    assert.equal(refused.stdout, '');
  }
});

told('tokens work while Redis is away', async () => {
  const { token } = await makeToken(admin, 'approve');
  await stack.redis.stop();
  try {
    assert.equal((await withToken(stack, token).get(list)).status, 200);
    assert.equal((await withToken(stack, `${token}x`).get(list)).body.code, 'token_invalid');
  } finally {
    await stack.bringRedisBack();
  }
});

test('a network that tries bad tokens is refused for a while, but not the good tokens in it', async () => {
  const strict = await startStack({ authFlags: ['--limit-bad-tokens', '5/10m'] });
  try {
    const boss = await strict.adminDevice();
    const { token } = await makeToken(boss, 'read');
    assert.equal((await withToken(strict, token).get(list)).status, 200);
    const bad = withToken(strict, `stagedoor_${'1'.repeat(49)}`);
    for (let i = 0; i < 5; ++i) assert.equal((await bad.get(list)).status, 401);
    const refused = await bad.get(list);
    assert.deepEqual([refused.status, refused.body.code], [429, 'rate_limited']);
    assert.ok(Number(refused.headers.get('retry-after')) > 60);
    assert.equal((await withToken(strict, token).get(list)).status, 200);
  } finally {
    await strict.stop();
  }
});

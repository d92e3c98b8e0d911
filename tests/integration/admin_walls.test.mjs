// Who may call the admin API: every endpoint of the table is tried by everybody who may not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openapi } from '../contract/docs/documents.mjs';
import { adminEndpoints, allItems, makeToken, withToken } from '../support/admin.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let admin;
let person;
let manager;
before(async () => {
  stack = await startStack();
  admin = await stack.adminDevice();
  person = await stack.person();
  manager = stack.device();
  await manager.signIn(person);
});
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const someId = '01890a5d-ac96-774b-bcce-b302099a8057';
const concrete = (path) => path.replace('{id}', someId).replace('{sid}', someId);
const body = (method) => (method === 'GET' ? undefined : {});
const where = ({ method, path }, { status, body: told }) => `${method} ${path} → ${status} ${JSON.stringify(told).slice(0, 200)}`;

/** The scope that openapi.yaml asks of a token; nothing: no token will do. */
function scopeOf({ method, path }) {
  const { security } = openapi.paths[path][method.toLowerCase()];
  return security.find((each) => each.apiToken)?.apiToken[0];
}

told('the table has the endpoints that this suite is about', async () => {
  assert.ok(adminEndpoints.length >= 14, `${adminEndpoints.length}`);
});

told('a stranger is told that nobody is signed in', async () => {
  for (const each of adminEndpoints) {
    const answer = await stack.device().request(each.method, concrete(each.path), { body: body(each.method) });
    assert.deepEqual([answer.status, answer.body.code], [401, 'no_session'], where(each, answer));
    assert.match(answer.headers.get('www-authenticate'), /^Session /);
  }
});

told('a stage manager is refused, pending and active alike', async () => {
  for (const action of [undefined, 'approve']) {
    if (action) await stack.decide(person, action);
    for (const each of adminEndpoints) {
      const answer = await manager.request(each.method, concrete(each.path), { body: body(each.method) });
      assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], where(each, answer));
    }
  }
});

told('an admin is refused from elsewhere, whatever changes something', async () => {
  for (const each of adminEndpoints.filter(({ method }) => method !== 'GET')) {
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await admin.request(each.method, concrete(each.path), { body: {}, headers: { origin } });
      assert.deepEqual([answer.status, answer.body.code], [403, 'cross_origin'], where(each, answer));
    }
  }
});

told('a token reaches what its scope says, and the documents say the same', async () => {
  const [reader, approver] = [withToken(stack, (await makeToken(admin, 'read')).token), withToken(stack, (await makeToken(admin, 'approve')).token)];
  for (const each of adminEndpoints) {
    for (const [caller, scopes] of [[reader, ['read']], [approver, ['read', 'approve']]]) {
      // Ending another token than itself is beyond every token.
      const reaches = scopes.includes(scopeOf(each)) && !each.path.startsWith('/api/admin/tokens');
      const answer = await caller.request(each.method, concrete(each.path), { body: body(each.method) });
      if (reaches) assert.ok(![401, 403].includes(answer.status), where(each, answer));
      else {
        assert.deepEqual([answer.status, answer.body.code], [403, 'insufficient_scope'], where(each, answer));
        assert.match(answer.headers.get('www-authenticate'), /^Bearer .*insufficient_scope/);
      }
    }
  }
});

told('a bad token is refused although an admin\'s cookie comes with it', async () => {
  const { token } = await makeToken(admin, 'approve');
  const last = token.at(-1) === 'x' ? 'y' : 'x';
  for (const bad of ['x', `${token.slice(0, -1)}${last}`, token.toLowerCase(), `${token}0`, token.slice(0, -1), `stagedoor_${'0'.repeat(49)}`]) {
    for (const path of ['/api/admin/stage-managers', '/api/admin/audit']) {
      const answer = await admin.get(path, { headers: { authorization: `Bearer ${bad}` } });
      assert.deepEqual([answer.status, answer.body.code], [401, 'token_invalid'], `${bad} ${JSON.stringify(answer.body)}`);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="stagedoor", error="invalid_token"');
    }
  }
  const post = await admin.request('POST', `/api/admin/stage-managers/${person.id}/suspend`, { body: {}, headers: { authorization: 'Bearer x' } });
  assert.equal(post.body.code, 'token_invalid');
  // Another scheme is somebody else's business, a gateway's say.
  assert.equal((await admin.get('/api/admin/stage-managers', { headers: { authorization: 'Basic eDp5' } })).status, 200);
});

told('a token opens nothing but the admin API, and sets no cookie', async () => {
  const caller = withToken(stack, (await makeToken(admin, 'approve')).token);
  for (const path of ['/api/auth/me', '/api/auth/sessions', '/api/auth/verify', '/api/stage-manager/profile']) {
    assert.equal((await caller.get(path)).body.code, 'no_session', path);
  }
  assert.equal((await caller.post('/api/auth/logout-all')).body.code, 'cross_origin');
  assert.equal((await caller.get('/api/admin/stage-managers')).headers.get('set-cookie'), null);
});

told('only an admin\'s call may have a large body, and only the one for many', async () => {
  const ids = Array.from({ length: 2_000 }, () => someId);
  const large = { action: 'approve', ids };
  const path = '/api/admin/stage-managers/bulk';
  assert.equal((await stack.device().post(path, large)).body.code, 'no_session');
  assert.equal((await manager.post(path, large)).body.code, 'forbidden');
  assert.equal((await admin.post(path, large, { headers: { origin: 'https://evil.example' } })).body.code, 'cross_origin');
  assert.equal((await withToken(stack, (await makeToken(admin, 'read')).token).post(path, large)).body.code, 'insufficient_scope');
  assert.equal((await admin.post('/api/admin/tokens', large)).body.code, 'payload_too_large');
  assert.equal((await admin.post(path, { ...large, reason: 'x'.repeat(700_000) })).body.code, 'payload_too_large');
  assert.deepEqual((await admin.post(path, large)).body.counts.not_found, 2_000);
});

told('every refusal is in the audit log, summed: who, what, why, how often and from where', async () => {
  const denied = await until(async () => {
    const items = await allItems(admin, '/api/admin/audit?action=denied');
    return items.some(({ details }) => details.code === 'insufficient_scope') && items;
  }, { what: 'the refusals in the audit log' });
  const of = (code) => denied.filter(({ details }) => details.code === code && details.route !== undefined);
  assert.ok(of('no_session').every(({ user, actor }) => user === null && actor.id === 'nobody'));
  const forbidden = of('forbidden').find(({ details }) => details.route === '/api/admin/stage-managers/{id}/suspend');
  assert.deepEqual([forbidden.user.id, forbidden.user.email, forbidden.address], [person.id, person.email, '127.0.0.1']);
  assert.ok(of('insufficient_scope').every(({ tokenId, origin }) => tokenId && origin === 'token'));
  // More than a hundred calls came within the window: one row for each kind, and one for all the rest.
  assert.ok(denied.length <= 46, `${denied.length}`);
  await stack.auth.stop();
  await stack.auth.start();
  const count = (await allItems(admin, '/api/admin/audit?action=denied')).reduce((sum, { details }) => sum + details.count, 0);
  assert.ok(count >= adminEndpoints.length * 4, `${count} refusals are accounted for`);
});

// What tests of the admin API share: its endpoints as the code has them, callers by token, the audit log.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { HttpClient } from './http_client.mjs';
import { startStack } from './stack.mjs';

const table = readFileSync(fileURLToPath(new URL('../../auth-service/src/http/endpoints.cpp', import.meta.url)), 'utf8');
const verbs = { get: 'GET', post: 'POST', del: 'DELETE', patch: 'PATCH', put: 'PUT' };

/** Every endpoint under /api/admin/: `{method, path}`, straight from the service's table, so that none is forgotten. */
export const adminEndpoints = [...table.matchAll(/\{(get|post|del|patch|put), "(\/api\/admin\/[^"]+)"/g)]
  .map(([, verb, path]) => ({ method: verbs[verb], path }));

/** A stack with an admin's device and a tool that acts for them by a token: `{stack, admin, tool}`. */
export async function startStackWithAdmin() {
  const stack = await startStack();
  const admin = await stack.adminDevice();
  return { stack, admin, tool: withToken(stack, (await makeToken(admin, 'approve')).token) };
}

/** A caller with an API token and nothing else: no cookie, no Origin. */
export function withToken(stack, token, node = 0) {
  const client = new HttpClient({ base: `http://127.0.0.1:${stack.auths[node].port}`, origin: 'https://nowhere.example' });
  const call = (method, path, { headers = {}, ...rest } = {}) =>
    client.request(method, path, { ...rest, headers: { authorization: `Bearer ${token}`, origin: 'https://nowhere.example', ...headers } });
  return {
    request: call,
    get: (path, options) => call('GET', path, options),
    post: (path, body = {}, options = {}) => call('POST', path, { ...options, body }),
    delete: (path, options) => call('DELETE', path, options),
  };
}

/** Makes an API token as `admin` (a device): `{token, apiToken}`. */
export async function makeToken(admin, scope, more = {}) {
  const answer = await admin.post('/api/admin/tokens', { name: `a test's ${scope} token`, scope, ...more });
  if (answer.status !== 201) throw new Error(`tokens answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** All entries of a list call, page by page. */
export async function allItems(caller, path, limit = 200) {
  const items = [];
  for (let cursor; ;) {
    const query = `${path.includes('?') ? '&' : '?'}limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`;
    const { status, body } = await caller.get(path + query);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    items.push(...body.items);
    if (!body.nextCursor) return items;
    cursor = body.nextCursor;
  }
}

/** As a client has to: a 503 says nothing, and the call is made again after Retry-After. */
export async function patiently(call, attempts = 10) {
  for (let attempt = 1; ; ++attempt) {
    const answer = await call();
    if (answer.status !== 503 || attempt === attempts) return answer;
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get('retry-after'))));
  }
}

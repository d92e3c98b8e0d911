// Sessions made where they begin: a row in the ledger, and a token by the key file. Hashing a password for each of
// twenty thousand sessions would take minutes; the services cannot tell the difference, and make the records themselves.
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const tokenFormat = 1;
const context = Buffer.from('stagedoor session token 1:');
const uuidBytes = (text) => Buffer.from(text.replaceAll('-', ''), 'hex');

export function signingKey(stack) {
  const line = readFileSync(join(stack.folder, 'keys'), 'utf8').split('\n').find((each) => /^\d/.test(each));
  const [id, key] = line.trim().split(/\s+/);
  return { id: Number(id), key: Buffer.from(key, 'base64url') };
}

export function tokenOf({ id, key }, user, session, generation = 0) {
  const claims = Buffer.alloc(38);
  claims.writeUInt8(tokenFormat, 0);
  claims.writeUInt8(id, 1);
  uuidBytes(user).copy(claims, 2);
  uuidBytes(session).copy(claims, 18);
  claims.writeUInt32BE(generation, 34);
  const proof = createHmac('sha256', key).update(context).update(claims).digest().subarray(0, 16);
  return Buffer.concat([claims, proof]).toString('base64url');
}

const hourMs = 3_600_000;
const cookieNameOf = (stack) => `stagedoor-${stack.auth.port}`;

/** Further sessions of people who are not suspended, one for each id in `users`: `[{session: id, cookie: Cookie field}, …]`. */
export function addSessions(stack, users) {
  const key = signingKey(stack);
  const now = Date.now();
  const added = users.map((user) => {
    const session = randomUUID();
    return { user, session, cookie: `${cookieNameOf(stack)}=${tokenOf(key, user, session)}` };
  });
  const statements = added.map(({ user, session }) =>
    'INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms)'
    + ` SELECT '${session}', id, epoch, status, ${now}, ${now + hourMs} FROM users WHERE id = '${user}';`);
  stack.sqlite(['BEGIN IMMEDIATE;', ...statements, 'COMMIT;'].join('\n'));
  return added;
}

/**
 * Adds people who wait, each with sessions: `[{id, email, cookies: [Cookie field, …], sessions: [id, …]}, …]`. With a
 * `passwordHash` they can sign in as well. `crowd` tells crowds of one system apart.
 */
export function addPeople(stack, count, sessionsEach, { passwordHash = '', crowd = 'crowd' } = {}) {
  const key = signingKey(stack);
  const now = Date.now();
  const statements = ['BEGIN IMMEDIATE;'];
  const people = Array.from({ length: count }, (_, i) => {
    const id = randomUUID();
    const email = `${crowd}${i}@example.com`;
    statements.push('INSERT INTO users (id, email, display_name, password_hash)'
                    + ` VALUES ('${id}', '${email}', 'Crowd ${i}', '${passwordHash}');`);
    const sessions = Array.from({ length: sessionsEach }, () => randomUUID());
    const cookies = sessions.map((session) => {
      statements.push('INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms)'
                      + ` VALUES ('${session}', '${id}', 1, 'pending', ${now}, ${now + hourMs});`);
      return `${cookieNameOf(stack)}=${tokenOf(key, id, session)}`;
    });
    return { id, email, cookies, sessions };
  });
  statements.push('COMMIT;');
  stack.sqlite(statements.join('\n'));
  return people;
}

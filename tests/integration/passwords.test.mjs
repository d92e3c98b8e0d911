// Passwords: what is one, taken exactly as typed, which ones are refused and why, and hashes that get stronger.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { programOf, startStack } from '../support/stack.mjs';
import { until } from '../support/process.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const register = (person) => stack.device().post('/api/auth/register', person);
const signIn = ({ email }, password) => stack.device().post('/api/auth/login', { email, password });
const hashOf = ({ id }) => stack.sqlite(`SELECT password_hash FROM users WHERE id = '${id}'`).output.trim();

async function personWith(password) {
  const person = { ...stack.stranger(), password };
  const answer = await register(person);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return { ...person, id: answer.body.user.id };
}

const mask = '\u{1f3ad}';
const faces = Array.from({ length: 255 }, (_, i) => String.fromCodePoint(0x1f300 + ((i * 37) % 256))).join('');
const pairs = [
  ['what comes after NUL counts', 'pass\u0000word1', 'pass\u0000word2'],
  ['a NUL at the end counts', 'twelve-otters\u0000', 'twelve-otters'],
  ['spaces at the end count', 'twelve otters ', 'twelve otters'],
  ['spaces at the beginning count', ' twelve otters', 'twelve otters'],
  ['a line break at the end counts', 'twelve otters\n', 'twelve otters'],
  ['case counts', 'Twelve otters', 'twelve otters'],
  ['a composed letter is not a decomposed one', 'caf\u00e9-otters', 'cafe\u0301-otters'],
  ['a wide letter is not a narrow one', '\uff54welve otters', 'twelve otters'],
  ['the last of 256 characters of four bytes counts', `${faces}${mask}`, `${faces}\u{1f3ac}`],
  ['256 characters are not 255', `${faces}${mask}`, faces],
];
for (const [what, right, wrong] of pairs) {
  told(`a password is taken as typed: ${what}`, async () => {
    const person = await personWith(right);
    assert.equal((await signIn(person, right)).status, 200);
    const refused = await signIn(person, wrong);
    assert.equal(`${refused.status} ${refused.body.code}`, '401 invalid_credentials');
  });
}

const refusals = [
  ['seven characters', mask.repeat(7), /at least 8/],
  ['257 characters', mask.repeat(257), /at most 256/],
  ['a common one', 'PassWord1!', /guessed first/],
  ['a word', 'wonderful', /guessed first/],
  ['the product', 'StageDoor-2026', /everybody here knows/],
  ['a role', 'stage manager', /everybody here knows/],
  ['the part of the e-mail before the @', 'Somebody.Special', /e-mail/],
  ['what holds the e-mail', 'my somebody.special@example.com', /e-mail/],
];
for (const [what, password, why] of refusals) {
  told(`registering with ${what} as password is refused, by field and with the reason`, async () => {
    const answer = await register({ email: 'somebody.special@example.com', password, displayName: 'S' });
    assert.equal(`${answer.status} ${answer.body.code}`, '422 validation_failed');
    assert.deepEqual(answer.body.errors.map(({ field }) => field), ['password']);
    assert.match(answer.body.errors[0].message, why);
    assert.ok(!JSON.stringify(answer.body).includes(password), 'the password is not told back');
  });
}

told('half a surrogate pair is no text, and no password', async () => {
  const answer = await stack.device().post('/api/auth/register',
    '{"email":"half@example.com","password":"twelve \\ud83c otters","displayName":"H"}');
  assert.equal(`${answer.status} ${answer.body.code}`, '400 malformed_json');
});

told('create-admin holds to the same rules', () => {
  const create = (password) => spawnSync(programOf('auth-service'), [
    'create-admin', '--database-url', `sqlite:${join(stack.folder, 'admins.db')}`, '--email', 'root.admin@example.com',
    '--password-stdin'], { input: `${password}\n`, encoding: 'utf8' });
  for (const [password, why] of [['short', /at least 8/], ['password1', /guessed first/], ['stagedoor admin', /everybody/],
                                 ['root.admin-77', /e-mail/]]) {
    const { status, stderr } = create(password);
    assert.equal(status, 1);
    assert.match(stderr, why);
    assert.ok(!stderr.includes(password));
  }
  assert.equal(create('twelve otters ').status, 0);
});

told('a hash of weaker parameters is made again at the next sign-in, and only then', async () => {
  const weaker = '$argon2id$v=19$m=8192,t=1,p=1$ulbrDCPSP+xM00h+GlBzLA$V2IGRFP1TViNbHNXiAwHnNoFx64u8OyAqRnroYpOpWs';
  const password = 'weaker-then-than-now';
  const person = await personWith('twelve otters');
  stack.sqlite(`UPDATE users SET password_hash = '${weaker}' WHERE id = '${person.id}'`);

  assert.equal((await signIn(person, 'twelve otters')).status, 401);
  assert.equal(hashOf(person), weaker, 'a wrong password changes nothing');
  assert.equal((await signIn(person, password)).status, 200);
  await until(() => hashOf(person) !== weaker);
  const fresh = hashOf(person);
  assert.match(fresh, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal((await signIn(person, password)).status, 200);
  assert.equal(hashOf(person), fresh, 'once is enough');
});

told('the 3000 most common passwords that are long enough are refused', async () => {
  const lists = readFileSync('/usr/lib/python3/dist-packages/zxcvbn/frequency_lists.py', 'utf8');  // as Debian ships it
  const [, words] = /"passwords": "([^"]+)"/.exec(lists);
  const wanted = words.split(',').filter((word) => word.length >= 8).slice(0, 3_000);
  assert.equal(wanted.length, 3_000);
  const passed = [];
  const left = [...wanted];
  const askOn = async () => {
    for (let password; (password = left.pop());) {
      const { status } = await register({ email: 'somebody@example.com', password, displayName: 'S' });
      if (status !== 422) passed.push(`${password}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, askOn));
  assert.deepEqual(passed, []);
});

told('a password of ten years ago opens the door, and nobody is asked for a new one', async () => {
  const hash = hashOf(await personWith('twelve otters'));
  const longAgo = Date.now() - 10 * 365 * 24 * 3_600_000;
  const person = stack.stranger();
  stack.sqlite('INSERT INTO users (id, email, display_name, password_hash, created_at_ms, updated_at_ms)'
               + ` VALUES ('${randomUUID()}', '${person.email}', 'Ada', '${hash}', ${longAgo}, ${longAgo})`);
  const answer = await signIn(person, 'twelve otters');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.redirectUrl, '/stage-manager-pending', 'where everybody goes who waits');
});

told('a new database has nobody in it', () => {
  const path = join(stack.folder, 'new.db');
  const made = spawnSync(programOf('auth-service'), ['migrate', '--database-url', `sqlite:${path}`], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const { stdout } = spawnSync('sqlite3', [path, 'SELECT count(*) FROM users; SELECT count(*) FROM api_tokens'], { encoding: 'utf8' });
  assert.equal(stdout, '0\n0\n');
});

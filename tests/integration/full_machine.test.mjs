// Signing in on a machine whose cores other programs fill: hashing gives way to everybody (ADR 15), and is done all the same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const relieved = async () => (await stack.auth.metrics()).stagedoor_password_jobs_relieved_total;

/** Two programs for each core, of the usual class, that do nothing but run. */
async function fillTheMachine() {
  const programs = Array.from({ length: 2 * cpus().length }, () =>
    spawn(process.execPath, ['-e', 'process.stdout.write("running"); for (;;);'], { stdio: ['ignore', 'pipe', 'inherit'] }));
  await Promise.all(programs.map((each) => once(each.stdout, 'data')));
  return () => Promise.all(programs.map((each) => { each.kill('SIGKILL'); return once(each, 'exit'); }));
}

const told = (name, body) => test(name, (t) => stack.telling(body)(t));

told('people sign in while other programs fill every core', async () => {
  const person = await stack.person();
  // Each hashing thread has its memory then, and gives way from here on.
  for (let i = 0; i < 4; ++i) await stack.device().signIn(person);
  const before = await relieved();
  const release = await fillTheMachine();
  try {
    for (let i = 0; i < 12; ++i) {
      const answer = await stack.device().post('/api/auth/login', { email: person.email, password: person.password });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
    }
    assert.ok(await relieved() - before >= 6, 'the hashing threads got hardly any core, so others did their work');
  } finally {
    await release();
  }
  assert.equal((await stack.device().post('/api/auth/login', { email: person.email, password: 'a wrong one' })).status, 401);
});

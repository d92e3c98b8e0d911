// Anything may die at any time: the pages say so, come back by themselves, miss nothing and sign nobody out.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

const lost = 'Connection lost. Reconnecting…';

let stack;
beforeEach(async () => { stack = await startStack(); });
afterEach(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

async function waiting(ada) {
  const person = await stack.person();
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  await ada.isConnected();
  return person;
}

for (const [how, end] of [['restarts', (service) => service.stop()], ['crashes', (service) => service.kill()]]) {
  test(`notify-service ${how}: the page says so, reconnects, and checks the status`, scene(1, async (ada) => {
    const person = await waiting(ada);
    await end(stack.notify);
    await ada.page.getByText(lost).waitFor();
    await stack.decide(person, 'approve');
    assert.equal(await ada.heading('Waiting for approval').isVisible(), true);
    await stack.notify.start();
    await ada.isAt('Dashboard', '/stage-manager');
  }));
}

test('after reconnecting the status is asked for, changed or not', scene(1, async (ada) => {
  await waiting(ada);
  await stack.notify.kill();
  await ada.page.getByText(lost).waitFor();
  const before = ada.apiAnswers.length;
  await stack.notify.start();
  await ada.isConnected();
  await ada.page.waitForLoadState('networkidle');
  assert.deepEqual(ada.apiAnswers.slice(before), ['POST /api/auth/refresh-session 200']);
}));

test('auth-service is away: nobody is signed out, and the page goes on when it is back', scene(1, async (ada) => {
  const person = await waiting(ada);
  await stack.auth.kill();
  await ada.button('Check status').click();
  await ada.page.getByText('You are still signed in.').waitFor();
  assert.equal(new URL(ada.page.url()).pathname, '/stage-manager-pending');
  stack.sqlite(`UPDATE users SET status = 'active' WHERE id = '${person.id}'`);
  await stack.auth.start();
  await ada.isAt('Dashboard', '/stage-manager');
}));

test('signing in while auth-service is away says so and keeps what was typed', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.page.goto('/login');
  await ada.field('E-mail').fill(person.email);
  await ada.field('Password').fill(person.password);
  await stack.auth.stop();
  await ada.button('Sign in').click();
  await ada.page.getByText('The service can’t be reached.').waitFor();
  await stack.auth.start();
  await ada.button('Sign in').click();
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
}));

test('signing out while auth-service is away says that it did not happen', scene(1, async (ada) => {
  await waiting(ada);
  await stack.auth.stop();
  await ada.button('Sign out').click();
  await ada.page.getByText('You are still signed in.').waitFor();
  await stack.auth.start();
  await ada.button('Sign out').click();
  await ada.page.waitForURL('**/login');
}));

test('a browser without network says so, and is up to date once it is back', scene(1, async (ada) => {
  const person = await waiting(ada);
  await ada.page.context().setOffline(true);
  await ada.button('Check status').click();
  await ada.page.getByText('You are still signed in.').waitFor();
  await stack.decide(person, 'approve');
  await ada.page.context().setOffline(false);
  await ada.isAt('Dashboard', '/stage-manager');
}));

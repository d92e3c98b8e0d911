// Who ends up where, in how few steps, and that no page complains.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

const pages = ['/', '/login', '/register', '/stage-manager-pending', '/stage-manager', '/admin'];
const mostRedirects = 2;

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

// Opens each page and says where that led, once the page there has settled.
async function explore(person, headings) {
  const led = {};
  for (const path of pages) {
    person.visits.length = 0;
    // A page may leave for another before it has loaded; where that ends is what counts.
    await person.page.goto(path, { waitUntil: 'commit' });
    await person.page.getByRole('heading', { level: 1, name: headings }).waitFor();
    await person.page.waitForLoadState('networkidle');
    led[path] = new URL(person.page.url()).pathname;
    assert.ok(person.visits.length - 1 <= mostRedirects, `${path}: ${person.visits.join(' → ')}`);
  }
  return led;
}

test('a signed-out visitor ends on the sign-in page', scene(1, async (visitor) => {
  assert.deepEqual(await explore(visitor, /Welcome back|Join the company/),
                   { '/': '/login', '/login': '/login', '/register': '/register', '/stage-manager-pending': '/login',
                     '/stage-manager': '/login', '/admin': '/login' });
  assert.deepEqual(visitor.errors, []);
}));

test('a pending person ends on the pending page, from the dashboard too', scene(1, async (ada) => {
  await ada.signIn(await stack.person());
  const led = await explore(ada, 'Waiting for approval');
  assert.deepEqual(new Set(Object.values(led)), new Set(['/stage-manager-pending']));
  assert.deepEqual(ada.errors, []);
}));

test('a rejected person ends on the pending page', scene(1, async (ben) => {
  const person = await stack.person();
  await stack.decide(person, 'reject');
  await ben.signIn(person);
  const led = await explore(ben, 'Request declined');
  assert.deepEqual(new Set(Object.values(led)), new Set(['/stage-manager-pending']));
  assert.deepEqual(ben.errors, []);
}));

test('an active person ends on the dashboard', scene(1, async (ada) => {
  const person = await stack.person();
  await stack.decide(person, 'approve');
  await ada.signIn(person);
  const led = await explore(ada, 'Dashboard');
  assert.deepEqual(new Set(Object.values(led)), new Set(['/stage-manager']));
  assert.deepEqual(ada.errors, []);
}));

test('an admin ends on the admin page', scene(1, async (admin) => {
  await admin.signIn(stack.admin);
  const led = await explore(admin, 'Stage managers');
  assert.deepEqual(new Set(Object.values(led)), new Set(['/admin']));
  assert.deepEqual(admin.errors, []);
}));

test('signing out ends the session in every tab', scene(1, async (ada) => {
  await ada.signIn(await stack.person());
  const tab = await ada.newTab();
  await tab.goto('/stage-manager-pending');
  await Promise.all([ada.isConnected(), ada.isConnected(tab)]);
  await ada.button('Sign out').click();
  await Promise.all([ada.page.waitForURL('**/login'), tab.waitForURL('**/login')]);
  // The other tab learns it from a 401, which Chromium always prints.
  assert.deepEqual(ada.errors.filter((error) => !error.includes('status of 401')), []);
  assert.equal(await ada.apiStatus('/api/auth/me'), 401);
}));

test('every page of somebody who is signed in has a way to sign out', scene(1, async (ada) => {
  const [waiting, active] = [await stack.person(), await stack.person()];
  await stack.decide(active, 'approve');
  for (const [person, paths] of [[waiting, ['/stage-manager-pending', '/account']], [active, ['/stage-manager']], [stack.admin, ['/admin']]]) {
    for (const path of paths) {
      await ada.signIn(person);
      await ada.page.goto(path);
      await ada.page.waitForURL((url) => url.pathname === path);
      await ada.page.locator('header').getByRole('button', { name: 'Sign out' }).click();
      await ada.page.waitForURL('**/login');
      assert.equal(await ada.apiStatus('/api/auth/me'), 401, path);
    }
  }
}));

test('going back after signing out shows nothing of the dashboard', scene(1, async (ada) => {
  const person = await stack.person();
  await stack.decide(person, 'approve');
  await ada.signIn(person);
  await ada.field('Company').waitFor();
  await ada.page.goto('/stage-manager?again');
  await ada.field('Company').waitFor();
  await ada.button('Sign out').click();
  await ada.page.waitForURL('**/login');
  await ada.page.goBack();
  await ada.isAt('Welcome back', '/login');
}));

// /account: somebody sees where they are signed in, signs one device out, changes the password, and leaves everywhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const devices = (person) => person.page.locator('#devices > li');
// Chromium prints each answer that says no; these are part of the story.
const surprises = (person) => person.errors.filter((error) => !/status of (401|403|422)/.test(error));

async function opensAccount(person, account) {
  await person.signIn(account);
  await person.page.getByRole('link', { name: 'Account' }).click();
  await person.isAt('Account', '/account');
  await devices(person).first().waitFor();
  await person.isConnected();
}

test('a device is signed out from another one, and is at the sign-in page at once', scene(2, async (ada, phone) => {
  const person = await stack.person();
  await phone.signIn(person);
  await phone.isConnected();
  await opensAccount(ada, person);
  assert.equal(await devices(ada).count(), 2);
  const [own, other] = [devices(ada).filter({ hasText: 'This device' }), devices(ada).filter({ hasNotText: 'This device' })];
  assert.match(await own.innerText(), /^(Chrome|Chromium) on Linux/);
  assert.equal(await own.getByRole('button').count(), 0);

  const button = other.getByRole('button', { name: 'Sign out' });
  await button.focus();
  await ada.page.keyboard.press('Enter');
  await phone.page.waitForURL('**/login');
  await phone.page.getByText('This device was signed out from another one.').waitFor();
  await ada.page.getByText(/ is signed out\.$/).waitFor();
  await other.waitFor({ state: 'detached' });
  assert.equal(await own.evaluate((row) => document.activeElement === row), true, 'the focus stays in the list');
  assert.equal(await phone.apiStatus('/api/auth/me'), 401);
  assert.equal(await ada.apiStatus('/api/auth/me'), 200);
  assert.deepEqual([...surprises(ada), ...surprises(phone)], []);
}));

test('a new password keeps this device and signs the other one out', scene(2, async (ada, phone) => {
  const person = await stack.person();
  await phone.signIn(person);
  await phone.isConnected();
  await opensAccount(ada, person);

  await ada.field('Present password').fill('not the one');
  await ada.field('New password').fill('a new one for the new season');
  await ada.button('Change password').click();
  await ada.page.getByText('The present password is wrong.').waitFor();
  assert.equal(await ada.field('Present password').evaluate((field) => document.activeElement === field), true);
  await ada.field('Present password').fill(person.password);
  await ada.field('New password').fill('short');
  await ada.button('Change password').click();
  await ada.page.locator('#newPassword-error').filter({ hasText: 'New password' }).waitFor();

  await ada.field('New password').fill('a new one for the new season');
  await ada.button('Change password').click();
  await ada.page.getByText('Your password is changed.').waitFor();
  assert.equal(await ada.field('Present password').inputValue(), '');
  await phone.page.waitForURL('**/login');
  await devices(ada).filter({ hasNotText: 'This device' }).waitFor({ state: 'detached' });
  assert.equal(await devices(ada).count(), 1);
  await ada.page.reload();
  await ada.isAt('Account', '/account');
  await phone.signIn({ email: person.email, password: 'a new one for the new season' });
  assert.deepEqual([...surprises(ada), ...surprises(phone)], []);
}));

test('signing out everywhere leaves nobody signed in, and says so', scene(2, async (ada, phone) => {
  const person = await stack.person();
  await phone.signIn(person);
  await phone.isConnected();
  await opensAccount(ada, person);
  await ada.button('Sign out everywhere').click();
  await ada.page.waitForURL('**/login');
  await ada.page.getByText('You are signed out on all devices.').waitFor();
  await phone.page.waitForURL('**/login');
  for (const each of [ada, phone]) assert.equal(await each.apiStatus('/api/auth/me'), 401);
  assert.deepEqual([...surprises(ada), ...surprises(phone)], []);
}));

test('the page stays when the status changes, and is there for admins and the declined as well', scene(2, async (ben, admin) => {
  const person = await stack.person('Ben Okri');
  await opensAccount(ben, person);
  await ben.page.locator('#status', { hasText: 'Waiting for approval' }).waitFor();
  await stack.decide(person, 'reject');
  await ben.page.locator('#status', { hasText: 'Declined' }).waitFor();
  await ben.page.reload();
  await ben.page.locator('#status', { hasText: 'Declined' }).waitFor();
  await ben.isAt('Account', '/account');
  await ben.page.getByRole('link', { name: 'Back to my page' }).click();
  await ben.isAt('Request declined', '/stage-manager-pending');

  await opensAccount(admin, stack.admin);
  await admin.page.locator('#role', { hasText: 'Admin' }).waitFor();
  assert.deepEqual([...surprises(ben), ...surprises(admin)], []);
}));

test('on a phone nothing of it is cut off', scene(1, async (ada) => {
  await ada.page.setViewportSize({ width: 320, height: 640 });
  await opensAccount(ada, await stack.person('Eleonora Giulia Amalia Duse of Vigevano'));
  const { scrollWidth, clientWidth } = await ada.page.evaluate(() => {
    const { scrollWidth: content, clientWidth: screen } = document.documentElement;
    return { scrollWidth: content, clientWidth: screen };
  });
  assert.ok(scrollWidth <= clientWidth, `${scrollWidth} > ${clientWidth}`);
}));

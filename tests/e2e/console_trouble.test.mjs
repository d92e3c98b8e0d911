// When something is wrong at the console: nothing is lost, and it is said what to do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rowOf = ({ page }, { email }) => page.locator('#people').getByRole('listitem').filter({ hasText: email });
const statusOf = ({ id }) => stack.sqlite(`SELECT status || version FROM users WHERE id = '${id}'`).output.trim();

async function opensConsole(admin, account = stack.admin, address = '') {
  await admin.signIn(account);
  if (address) await admin.page.goto(`/admin${address}`);
  await admin.isConnected();
}

test('a decision while the service is away is made when it is back, once', scene(1, async (admin) => {
  const person = await stack.person('Ada Lovelace');
  await opensConsole(admin);
  await rowOf(admin, person).getByRole('textbox').fill('Welcome');
  await stack.auth.kill();
  await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
  await admin.page.getByText('You are still signed in. Trying again').waitFor();
  assert.equal(await rowOf(admin, person).getByRole('textbox').inputValue(), 'Welcome');
  await stack.auth.start();
  await admin.page.getByText('You approved Ada Lovelace.', { exact: true }).waitFor();
  await rowOf(admin, person).waitFor({ state: 'detached' });
  assert.equal(statusOf(person), 'active2');
}));

test('an answer that is lost is asked for again: decided once, and told as done', scene(1, async (admin) => {
  const person = await stack.person('Ben Okri');
  await opensConsole(admin);
  let calls = 0;
  await admin.page.route('**/approve', async (route) => {
    if (calls++ > 0) return route.continue();
    await route.fetch();
    return route.abort('failed');
  });
  await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
  await admin.page.getByText('You approved Ben Okri.', { exact: true }).waitFor();
  assert.deepEqual([calls, statusOf(person)], [2, 'active2']);
}));

test('a session that is over leads to the sign-in and back to what was shown', scene(1, async (admin) => {
  const person = await stack.person('Ellen Terry');
  const grace = stack.anotherAdmin('Grace Hopper');
  await opensConsole(admin, grace, '?status=all&q=terry');
  await rowOf(admin, person).waitFor();
  const device = stack.device();
  await device.signIn(grace);
  await device.post('/api/auth/logout-all');
  await admin.page.waitForURL('**/login');
  await admin.page.getByText('This session was ended.').waitFor();
  await admin.signIn(grace);
  await rowOf(admin, person).waitFor();
  assert.equal(new URL(admin.page.url()).search, '?status=all&q=terry');
}));

test('whoever is no longer an admin is led to where they belong', scene(1, async (admin) => {
  const person = await stack.person('Ira Aldridge');
  const former = stack.anotherAdmin('Former Admin');
  await opensConsole(admin, former);
  await rowOf(admin, person).waitFor();
  // The page does not hear of it: the next decision is refused.
  await admin.hearsNothing();
  await admin.page.reload();
  await rowOf(admin, person).waitFor();
  stack.sqlite(`UPDATE users SET role = 'stage_manager' WHERE email = '${former.email}'`);
  await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
  await admin.isAt('Dashboard', '/stage-manager');
  assert.equal(statusOf(person), 'pending1');
}));

test('a reason that is too long, or not to be had, is told beside the person and nothing is changed', scene(1, async (admin) => {
  const person = await stack.person('Edmund Kean');
  await opensConsole(admin);
  await rowOf(admin, person).getByRole('textbox').evaluate((field) => { field.value = `tab${String.fromCharCode(7)}bell`; });
  await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
  await admin.page.getByText(/^Edmund Kean: nothing was changed\./).waitFor();
  assert.equal(statusOf(person), 'pending1');
  await rowOf(admin, person).getByRole('textbox').fill('Welcome');
  await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
  await admin.page.getByText('You approved Edmund Kean.', { exact: true }).waitFor();
}));

test('with Redis away decisions are made all the same, and it is said that open pages hear of them later', scene(2, async (admin, ada) => {
  const person = await stack.person('Sarah Bernhardt');
  await ada.signIn(person);
  await ada.isConnected();
  stack.crowd(3, { prefix: 'late' });
  await opensConsole(admin);
  await rowOf(admin, person).waitFor();
  await stack.redis.stop();
  try {
    await admin.page.locator('#connection[data-state=late]', { hasText: 'Connected, but news may come late.' }).waitFor();
    await rowOf(admin, person).getByRole('button', { name: 'Approve' }).click();
    await admin.page.getByText('You approved Sarah Bernhardt. Open pages hear of it later.', { exact: true }).waitFor();
    assert.equal(statusOf(person), 'active2');
    for (const name of ['late1', 'late2', 'late3']) await rowOf(admin, { email: `${name}@` }).getByRole('checkbox').check();
    await admin.button('Reject 3').click();
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Reject 3' }).click();
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await admin.page.getByText('You rejected 3 people. Open pages hear of it later.', { exact: true }).waitFor();
  } finally {
    await stack.bringRedisBack();
  }
  await ada.isAt('Dashboard', '/stage-manager');
  await admin.isConnected();
}));

// The main job: somebody registers, waits, is approved in another browser, and gets to the dashboard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

async function approveInBrowser(admin, person) {
  await admin.signIn(stack.admin);
  await admin.isAt('Stage managers', '/admin');
  const row = admin.page.getByRole('listitem').filter({ hasText: person.email });
  await admin.button('Approve').and(row.getByRole('button')).click();
  await admin.page.getByText(`You approved ${person.displayName}.`, { exact: true }).waitFor();
  await row.waitFor({ state: 'detached' });
}

test('real-time approval: the waiting page moves on to the dashboard without a click', scene(2, async (ada, admin) => {
  const person = stack.stranger();
  await ada.register(person);
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  await ada.isConnected();

  await approveInBrowser(admin, person);

  await ada.isAt('Dashboard', '/stage-manager');
  assert.equal(await ada.apiStatus('/api/stage-manager/profile'), 200);
  await ada.field('Company').waitFor();
  assert.deepEqual(ada.errors, []);
  assert.deepEqual(admin.errors, []);
  assert.deepEqual(ada.apiAnswers.filter((answer) => !/ 20[01]$/.test(answer)), []);
}));

test('manual check: without a socket, "Check status" finds the approval', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.hearsNothing();
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  await ada.page.getByText('Connection lost. Reconnecting…').waitFor();

  await ada.button('Check status').click();
  await ada.page.getByText('Nothing has changed yet').waitFor();

  await stack.decide(person, 'approve');
  assert.equal(await ada.heading('Waiting for approval').isVisible(), true, 'nobody told the page');
  await ada.button('Check status').click();
  await ada.isAt('Dashboard', '/stage-manager');
  assert.equal(await ada.apiStatus('/api/stage-manager/profile'), 200);
  assert.deepEqual(ada.errors, []);
}));

test('direct access: a session still marked pending opens the dashboard of somebody approved meanwhile',
  scene(1, async (ada) => {
    const person = await stack.person();
    await ada.signIn(person);
    await ada.isAt('Waiting for approval', '/stage-manager-pending');
    await ada.page.goto('about:blank');
    await stack.decide(person, 'approve');

    ada.visits.length = 0;
    await ada.page.goto('/stage-manager');
    await ada.isAt('Dashboard', '/stage-manager');
    await ada.field('Company').waitFor();
    await ada.isConnected();
    assert.deepEqual(ada.visits, ['/stage-manager']);
    assert.deepEqual(ada.apiAnswers.filter((answer) => !answer.endsWith(' 200')), []);
    assert.deepEqual(ada.errors, []);
  }));

test('an approval is shown by each tab of the person', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.signIn(person);
  const tab = await ada.newTab();
  await tab.goto('/stage-manager-pending');
  await Promise.all([ada.isConnected(), ada.isConnected(tab)]);
  await stack.decide(person, 'approve');
  await Promise.all([ada.isAt('Dashboard', '/stage-manager'), ada.isAt('Dashboard', '/stage-manager', tab)]);
  assert.deepEqual(ada.errors, []);
}));

test('a declined person reads why, stays signed in, and hears of reconsideration', scene(2, async (ada, admin) => {
  const person = await stack.person('Ben Okri');
  await ada.signIn(person);
  await ada.isConnected();

  await admin.signIn(stack.admin);
  const row = admin.page.getByRole('listitem').filter({ hasText: person.email });
  await row.getByRole('textbox').fill('The season is fully staffed.');
  await row.getByRole('button', { name: 'Reject' }).click();
  await admin.page.getByText('You rejected Ben Okri.', { exact: true }).waitFor();

  await ada.isAt('Request declined', '/stage-manager-pending');
  await ada.page.getByText('The season is fully staffed.').waitFor();
  await ada.button('Check status').click();
  await ada.page.getByText('Nothing has changed: your request is still declined.').waitFor();
  await ada.page.reload();
  await ada.isAt('Request declined', '/stage-manager-pending');
  await ada.page.getByText('The season is fully staffed.').waitFor();
  assert.equal(await ada.apiStatus('/api/auth/me'), 200);

  await ada.isConnected();
  stack.sqlite(`UPDATE users SET status = 'pending' WHERE id = '${person.id}'`);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  assert.deepEqual(ada.errors, []);
  assert.deepEqual(admin.errors, []);
}));

test('a suspended person is shown out, and told so', scene(1, async (ada) => {
  const person = await stack.person();
  await stack.decide(person, 'approve');
  await ada.signIn(person);
  await ada.isAt('Dashboard', '/stage-manager');
  await ada.isConnected();
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  await ada.page.waitForURL('**/login');
  await ada.page.getByText('Your account has been suspended').waitFor();
}));

test('two admins: the second reads who has decided, and when', scene(1, async (admin) => {
  const person = await stack.person('Eleonora Duse');
  await admin.hearsNothing();  // or it would see it happen
  await admin.signIn(stack.admin);
  const row = admin.page.getByRole('listitem').filter({ hasText: person.email });
  await row.waitFor();
  await stack.decide(person, 'reject');
  await row.getByRole('button', { name: 'Approve' }).click();
  await admin.page.getByText(/^Not approved\. You, in another window or by a tool, rejected Eleonora Duse at \d.*\. Now: declined\.$/).waitFor();
  await row.waitFor({ state: 'detached' });
}));

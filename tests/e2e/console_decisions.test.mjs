// Deciding at the console: what one admin does shows at the other's and on the manager's page, many at once with
// progress, back again, and a conflict that tells who was first.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let grace;
before(async () => {
  stack = await startStack();
  grace = stack.anotherAdmin('Grace Hopper');
});
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rowOf = ({ page }, { email }) => page.getByRole('listitem').filter({ hasText: email });
const last = ({ page }) => page.getByRole('region', { name: 'Last decision' });
const outcome = (dialog, text) => dialog.getByRole('listitem').getByText(text, { exact: true });
// Chromium prints each answer that says no; these are part of the story.
const surprises = (person) => person.errors.filter((error) => !/status of 409/.test(error));
const count = (sql) => Number(stack.sqlite(`SELECT count(*) FROM ${sql}`).output);

/** Each value that the progress bar of a decision about many has from now on. */
async function watchProgress({ page }) {
  const values = [];
  await page.exposeFunction('progressed', (value) => values.push(value));
  await page.evaluate(() => {
    const bar = document.getElementById('bulk-progress');
    new MutationObserver(() => window.progressed(bar.value)).observe(bar, { attributes: true });
  });
  return values;
}

async function opensConsole(person, account, address = '') {
  await person.signIn(account);
  if (address) await person.page.goto(`/admin${address}`);
  await person.isAt('Stage managers', '/admin');
  await person.isConnected();
}

test('two consoles and a manager’s page: what one admin does shows in the other console and on the page', scene(3, async (ada, first, second) => {
  const person = stack.stranger('Ellen Terry');
  await ada.register(person);
  await ada.signIn(person);
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  await ada.isConnected();
  await opensConsole(first, stack.admin);
  await opensConsole(second, grace, '?status=all');
  const visits = [first, second].map((admin) => admin.visits.length);
  const there = (text) => rowOf(second, person).getByText(text, { exact: true }).waitFor();
  await there('Waiting');

  await rowOf(first, person).getByRole('textbox').fill('The season is full.');
  await rowOf(first, person).getByRole('button', { name: 'Reject' }).click();
  await Promise.all([ada.heading('Request declined').waitFor(), there('Declined'), rowOf(first, person).waitFor({ state: 'detached' })]);
  await ada.page.getByText('The season is full.').waitFor();

  await last(first).getByRole('button', { name: 'Undo' }).click();
  await Promise.all([ada.heading('Waiting for approval').waitFor(), there('Waiting'), rowOf(first, person).waitFor()]);

  await rowOf(second, person).getByRole('button', { name: 'Approve' }).click();
  await Promise.all([ada.isAt('Dashboard', '/stage-manager'), there('Active'), rowOf(first, person).waitFor({ state: 'detached' })]);
  // It cannot be undone at the first console any more: somebody else has decided since.
  await last(first).getByRole('button', { name: 'Undo' }).waitFor({ state: 'hidden' });

  await rowOf(second, person).getByRole('button', { name: 'Suspend' }).click();
  await Promise.all([ada.page.waitForURL('**/login'), there('Suspended')]);
  await rowOf(second, person).getByRole('button', { name: 'Reinstate' }).click();
  await there('Active');
  assert.deepEqual([first, second].map((admin) => admin.visits.length), visits, 'nothing was loaded anew');
  assert.deepEqual([...surprises(first), ...surprises(second)], []);
}));

test('of two admins who act at once one wins, and the other reads who did what when', scene(1, async (admin) => {
  const person = await stack.person('Sarah Siddons');
  await opensConsole(admin, stack.admin);
  await rowOf(admin, person).waitFor();
  // The other one's approval is committed between what this console has seen and what it asks for.
  const rival = stack.device();
  await rival.signIn(grace);
  let overtaken = false;
  await admin.page.route('**/reject', async (route) => {
    if (!overtaken) assert.equal((await rival.post(`/api/admin/stage-managers/${person.id}/approve`)).status, 200);
    overtaken = true;
    await route.continue();
  });
  await rowOf(admin, person).getByRole('button', { name: 'Reject' }).click();
  const told = last(admin).getByText(/^Not rejected\. Grace Hopper \(admin\d+@example\.com\) approved Sarah Siddons at \d.*\. Now: active\.$/);
  await told.waitFor();
  assert.equal(await last(admin).getByRole('button', { name: /Undo|instead/ }).count(), 0, 'it is not this admin’s to take back');
  await rowOf(admin, person).waitFor({ state: 'detached' });
  assert.equal(stack.sqlite(`SELECT status || version FROM users WHERE id = '${person.id}'`).output.trim(), 'active2');
  await last(admin).getByRole('button', { name: 'Dismiss' }).click();
  await told.waitFor({ state: 'detached' });
  assert.deepEqual(surprises(admin), []);
}));

test('an undo takes back nothing that somebody else has decided since', scene(1, async (admin) => {
  const person = await stack.person('Ira Aldridge');
  await admin.hearsNothing();  // or it would see it happen
  await admin.signIn(stack.admin);
  await rowOf(admin, person).getByRole('button', { name: 'Reject' }).click();
  const rival = stack.device();
  await rival.signIn(grace);
  await last(admin).getByRole('button', { name: 'Undo' }).waitFor();
  for (const action of ['reconsider', 'reject']) {
    assert.equal((await rival.post(`/api/admin/stage-managers/${person.id}/${action}`, { reason: 'Mine' })).status, 200);
  }
  await last(admin).getByRole('button', { name: 'Undo' }).click();
  await last(admin).getByText(/^Not reconsidered\. Grace Hopper .* rejected Ira Aldridge at .* Now: declined\.$/).waitFor();
  assert.equal(stack.sqlite(`SELECT status || version FROM users WHERE id = '${person.id}'`).output.trim(), 'rejected4');
}));

test('500 are approved at once: progress moves, the other console and the log follow, and the way back is there', scene(2, async (first, second) => {
  stack.crowd(500, { prefix: 'many' });
  await opensConsole(first, stack.admin, '?q=many');
  await opensConsole(second, grace, '?status=active');
  await first.page.getByLabel('Select this page').check();
  await first.button('Select all that match').click();
  await first.page.getByText('500 selected', { exact: true }).waitFor();
  const progress = await watchProgress(first);
  const keys = [];
  first.page.on('request', (request) => {
    if (request.url().endsWith('/bulk')) keys.push(request.headers()['idempotency-key']);
  });

  await first.button('Approve 500').click();
  const dialog = first.page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'Approve 500 people?' }).waitFor();
  await dialog.getByLabel('Reason (optional)').fill('Welcome, all of you');
  await dialog.getByRole('button', { name: 'Approve 500' }).click();
  await outcome(dialog, '500 approved').waitFor();
  assert.ok(progress.includes(250), `progress was seen on its way: ${progress}`);
  assert.equal(Math.max(...progress), 500);
  assert.equal(new Set(keys).size, 2, 'a key for each slice');
  await dialog.getByRole('button', { name: 'Close' }).click();

  assert.equal(count("users WHERE email LIKE 'many%' AND status = 'active' AND version = 2"), 500);
  assert.equal(count("audit_log WHERE action = 'approved' AND reason = 'Welcome, all of you'"), 500, 'nobody twice');
  await first.page.getByText('Nobody matches your search.').waitFor();
  await second.page.locator('#total-active', { hasText: String(count("users WHERE status = 'active' AND role = 'stage_manager'")) }).waitFor();
  await second.page.getByText('many500@example.com').waitFor();
  await last(first).getByText('You approved 500 people.', { exact: true }).waitFor();

  assert.equal(await last(first).getByRole('button', { name: 'Undo' }).count(), 0, 'nobody goes back to waiting');
  await last(first).getByRole('button', { name: 'Suspend instead' }).click();
  await outcome(dialog, '500 suspended').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await last(first).getByRole('button', { name: 'Undo' }).click();
  await outcome(dialog, '500 reinstated').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.equal(count("users WHERE email LIKE 'many%' AND status = 'active' AND version = 4"), 500);
  assert.deepEqual([...surprises(first), ...surprises(second)], []);
}));

test('500 decisions are undone by two calls, with progress; who was decided about since is left alone, and it is told by whom', scene(1, async (admin) => {
  stack.crowd(500, { prefix: 'back' });
  await opensConsole(admin, stack.admin, '?q=back');
  await admin.page.getByLabel('Select this page').check();
  await admin.button('Select all that match').click();
  await admin.page.getByText('500 selected', { exact: true }).waitFor();
  await admin.button('Reject 500').click();
  const dialog = admin.page.getByRole('dialog');
  await dialog.getByLabel('Reason (optional)').fill('The season is full');
  await dialog.getByRole('button', { name: 'Reject 500' }).click();
  await outcome(dialog, '500 rejected').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();

  // One that this console hears of, and one that is decided about while the undo is on its way.
  stack.sqlite("UPDATE users SET status = 'pending' WHERE email = 'back7@example.com'");
  await rowOf(admin, { email: 'back7@example.com' }).waitFor();
  const rival = stack.device();
  await rival.signIn(grace);
  const overtaken = stack.sqlite("SELECT id FROM users WHERE email = 'back9@example.com'").output.trim();
  const calls = [];
  await admin.page.route('**/bulk', async (route) => {
    calls.push(route.request().postDataJSON().ids.length);
    for (const action of calls.length === 1 ? ['reconsider', 'approve'] : []) {
      assert.equal((await rival.post(`/api/admin/stage-managers/${overtaken}/${action}`)).status, 200);
    }
    await route.continue();
  });
  const progress = await watchProgress(admin);
  await last(admin).getByRole('button', { name: 'Undo' }).click();
  await Promise.all(['498 reconsidered', '1 reconsidered before', '1 left alone: changed meanwhile'].map((text) => outcome(dialog, text).waitFor()));
  await dialog.getByText(/^Grace Hopper \(admin\d+@example\.com\) approved Person 9 at \d/).waitFor();
  await dialog.getByText(/^Somebody with SQL reconsidered Person 7 at \d/).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.deepEqual(calls, [250, 250]);
  assert.ok(progress.includes(250), `progress was seen on its way: ${progress}`);
  await last(admin).getByText('You reconsidered 498 people. 2 people left alone: somebody was first.', { exact: true }).waitFor();
  assert.equal(count("users WHERE email LIKE 'back%' AND status = 'pending' AND version = 3"), 499);
  assert.equal(stack.sqlite(`SELECT status || version FROM users WHERE id = '${overtaken}'`).output.trim(), 'active4');
  assert.equal(count("audit_log JOIN users ON users.id = user_id WHERE action = 'reconsidered' AND email LIKE 'back%'"), 500, 'nobody twice');

  // And back again: an undo is a decision like another.
  await last(admin).getByRole('button', { name: 'Undo' }).click();
  await outcome(dialog, '498 rejected').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.equal(count("users WHERE email LIKE 'back%' AND status = 'rejected' AND version = 4"), 498);
  assert.deepEqual(surprises(admin), []);
}));

test('a bulk decision tells whom others had decided about, and stays right when an answer is lost', scene(1, async (admin) => {
  stack.crowd(300, { prefix: 'lossy' });
  await opensConsole(admin, stack.admin, '?q=lossy');
  await admin.page.getByLabel('Select this page').check();
  await admin.button('Select all that match').click();
  await admin.page.getByText('300 selected', { exact: true }).waitFor();
  const rival = stack.device();
  await rival.signIn(grace);
  let lost = 0;
  await admin.page.route('**/bulk', async (route) => {
    if (lost === 0) {
      // Decided after the console has last heard, before the first slice.
      const ids = stack.sqlite("SELECT id FROM users WHERE email IN ('lossy300@example.com', 'lossy299@example.com')").output.trim().split('\n');
      await rival.post('/api/admin/stage-managers/bulk', { action: 'reject', ids });
    }
    if (lost++ > 0) return route.continue();
    await route.fetch();           // it is done …
    return route.abort('failed');  // … and nobody hears of it
  });
  await admin.button('Approve 300').click();
  await admin.page.getByRole('dialog').getByRole('button', { name: 'Approve 300' }).click();
  const dialog = admin.page.getByRole('dialog');
  await outcome(dialog, '298 approved').waitFor();
  await outcome(dialog, '2 left alone: changed meanwhile').waitFor();
  await dialog.getByText(/^Grace Hopper \(.*\) rejected Person (299|300) at /).first().waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.equal(count("audit_log JOIN users ON users.id = user_id WHERE action = 'approved' AND email LIKE 'lossy%'"), 298, 'nobody twice');
  assert.equal(lost, 3, 'the first slice was asked for again');
}));

test('what a service could not keep the answer of is told as done all the same', scene(1, async (admin) => {
  stack.crowd(3, { prefix: 'again' });
  await opensConsole(admin, stack.admin, '?q=again');
  await admin.page.getByLabel('Select this page').check();
  let calls = 0;
  await admin.page.route('**/bulk', async (route) => {
    if (calls++ > 0) return route.continue();
    const { 'idempotency-key': key, ...headers } = route.request().headers();
    assert.ok(key);
    await route.fetch({ headers });
    return route.abort('failed');
  });
  await admin.button('Approve 3').click();
  const dialog = admin.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Approve 3' }).click();
  await outcome(dialog, '3 approved').waitFor();
  assert.deepEqual([calls, count("audit_log JOIN users ON users.id = user_id WHERE action = 'approved' AND email LIKE 'again%'")], [2, 3]);
}));

test('a bulk decision can be stopped while the service is away, says what is not known, and goes on later', scene(1, async (admin) => {
  stack.crowd(260, { prefix: 'stop' });
  await opensConsole(admin, stack.admin, '?q=stop');
  await admin.page.getByLabel('Select this page').check();
  await admin.button('Select all that match').click();
  await admin.page.getByText('260 selected', { exact: true }).waitFor();
  let calls = 0;
  await admin.page.route('**/bulk', (route) => {
    ++calls;
    return route.fulfill({ status: 503, headers: { 'retry-after': '30' }, contentType: 'application/problem+json',
                           body: JSON.stringify({ status: 503, code: 'database_unavailable', title: 'T' }) });
  });
  await admin.button('Reject 260').click();
  const dialog = admin.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Reject 260' }).click();
  await dialog.getByText('Trying again').waitFor();
  await admin.page.keyboard.press('Escape');
  assert.equal(await dialog.isVisible(), true, 'it cannot be sent away while it runs');
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await outcome(dialog, '250 perhaps decided: stopped before the answer').waitFor();
  await outcome(dialog, '10 not decided: stopped before').waitFor();
  assert.equal(calls, 1, 'nothing is asked after the stop');
  await admin.page.unroute('**/bulk');
  await dialog.getByRole('button', { name: 'Go on with the other 260' }).click();
  await outcome(dialog, '260 rejected').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.equal(count("users WHERE email LIKE 'stop%' AND status = 'rejected' AND version = 2"), 260);
}));

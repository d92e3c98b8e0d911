// The console beside its list: a person's sessions and history, the audit log, API tokens, and addresses that lead back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withToken } from '../support/admin.mjs';
import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rowOf = ({ page }, { email }) => page.locator('#people').getByRole('listitem').filter({ hasText: email });
const panel = ({ page }) => page.getByRole('complementary');
const history = (admin) => panel(admin).locator('#panel-history li');
const sessions = (admin) => panel(admin).getByRole('list', { name: 'Signed in on' }).getByRole('listitem');

async function opensConsole(admin, address = '') {
  await admin.signIn(stack.admin);
  if (address) await admin.page.goto(`/admin${address}`);
  await admin.isConnected();
}
async function opensPerson(admin, person) {
  await rowOf(admin, person).getByRole('link', { name: person.displayName }).click();
  await panel(admin).getByRole('heading', { name: person.displayName }).waitFor();
  await history(admin).first().waitFor();
}

test('an admin ends one session of a person: that browser is signed out at once, the other is not', scene(3, async (admin, phone, desk) => {
  const person = await stack.person('Ada Lovelace');
  for (const device of [phone, desk]) {
    await device.signIn(person);
    await device.isConnected();
  }
  await opensConsole(admin);
  await opensPerson(admin, person);
  await sessions(admin).nth(1).waitFor();
  assert.equal(await sessions(admin).count(), 2);
  await sessions(admin).nth(1).getByRole('button', { name: 'Sign out' }).click();  // the older one: the phone's
  await phone.page.waitForURL('**/login');
  await phone.page.getByText('An admin ended this session.').waitFor();
  assert.equal(await phone.apiStatus('/api/auth/me'), 401);
  assert.equal(await desk.apiStatus('/api/auth/me'), 200);
  await sessions(admin).nth(1).waitFor({ state: 'detached' });
  assert.equal(await sessions(admin).first().evaluate((row) => row === document.activeElement), true, 'the focus stays in the list');

  await phone.signIn(person);
  await admin.page.reload();
  await panel(admin).getByRole('button', { name: 'Sign out everywhere' }).click();
  await Promise.all([phone, desk].map((device) => device.page.waitForURL('**/login')));
  await panel(admin).getByText('Not signed in anywhere.').waitFor();
  await history(admin).filter({ hasText: 'a session of Ada Lovelace was ended by an admin' }).first().waitFor();
  assert.deepEqual(admin.errors, []);
}));

test('a person’s history follows what is decided, wherever it is', scene(1, async (admin) => {
  const person = await stack.person('Ben Okri');
  await opensConsole(admin);
  await opensPerson(admin, person);
  await panel(admin).getByText('Waiting', { exact: true }).waitFor();
  await panel(admin).getByRole('textbox').fill('Welcome');
  await panel(admin).getByRole('button', { name: 'Approve' }).click();
  await history(admin).filter({ hasText: 'You approved Ben Okri.' }).filter({ hasText: 'Welcome' }).waitFor();
  await panel(admin).getByText('Active', { exact: true }).waitFor();
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  await history(admin).filter({ hasText: 'Somebody with SQL suspended Ben Okri.' }).waitFor();
  await panel(admin).getByRole('button', { name: 'Reinstate' }).waitFor();
  assert.equal(await history(admin).count(), 3);
  assert.deepEqual(admin.errors, []);
}));

test('addresses lead back: filter, search and person survive a reload, and the way back goes one step', scene(1, async (admin) => {
  const [ira, ellen] = [await stack.person('Ira Aldridge'), await stack.person('Ellen Terry')];
  await stack.decide(ira, 'approve');
  await opensConsole(admin);
  await admin.page.locator('label', { hasText: 'Active' }).click();
  await rowOf(admin, ira).waitFor();
  await admin.field('Search by name or address').fill('ira ald');
  await admin.page.waitForURL((url) => url.search === '?status=active&q=ira+ald');
  await opensPerson(admin, ira);
  assert.equal(new URL(admin.page.url()).search, `?status=active&q=ira+ald&person=${ira.id}`);
  await admin.page.reload();
  await panel(admin).getByRole('heading', { name: 'Ira Aldridge' }).waitFor();
  assert.equal(await admin.field('Search by name or address').inputValue(), 'ira ald');
  await panel(admin).getByRole('button', { name: 'Close' }).click();
  await panel(admin).waitFor({ state: 'hidden' });
  await admin.page.goBack();  // what the search was typed over was replaced by it
  await rowOf(admin, ellen).waitFor();
  assert.equal(new URL(admin.page.url()).search, '');
  assert.equal(await admin.page.locator('input[name=status]:checked').inputValue(), 'pending');
  await admin.page.goForward();
  await rowOf(admin, ira).waitFor();

  // A colleague's link to somebody who is not in the list that is shown.
  await admin.page.goto(`/admin?status=suspended&person=${ira.id}`);
  await panel(admin).getByRole('heading', { name: 'Ira Aldridge' }).waitFor();
  await admin.page.goto('/admin?person=01890a5d-ac96-774b-bcce-b302099a8057');
  await panel(admin).getByRole('heading', { name: 'No such stage manager' }).waitFor();
  assert.deepEqual(admin.errors.filter((error) => !error.includes('status of 404')), []);
}));

test('the audit log tells who did what, can be narrowed, and follows', scene(1, async (admin) => {
  const person = await stack.person('Sarah Siddons');
  await stack.decide(person, 'reject', { reason: 'No room' });
  await opensConsole(admin);
  await admin.page.getByRole('link', { name: 'Audit log' }).click();
  await admin.heading('Audit log').waitFor();
  const entries = admin.page.locator('#audit-entries li');
  await entries.filter({ hasText: 'You rejected Sarah Siddons.' }).filter({ hasText: 'No room' }).waitFor();
  await admin.field('Who').selectOption('sql');
  await entries.filter({ hasText: 'Sarah Siddons' }).first().waitFor({ state: 'detached' });
  stack.sqlite(`UPDATE users SET status = 'pending' WHERE id = '${person.id}'`);
  const typed = entries.filter({ hasText: 'Somebody with SQL reconsidered Sarah Siddons.' });
  await typed.waitFor();
  await admin.field('Who').selectOption('');
  await admin.field('What').selectOption('reconsidered');
  await typed.waitFor();
  await admin.field('To').fill('2020-01-01');
  await admin.page.getByText('Nothing of that kind is in the log.').waitFor();
  await admin.field('To').fill('');
  await typed.getByRole('button', { name: 'Show Sarah Siddons' }).click();
  await panel(admin).getByRole('heading', { name: 'Sarah Siddons' }).waitFor();
  await admin.page.goBack();
  await admin.heading('Audit log').waitFor();
  assert.deepEqual(admin.errors, []);
}));

test('a refused call shows in the audit log by itself, whatever else happens or does not', scene(1, async (admin) => {
  const person = await stack.person('Edmund Kean');
  await opensConsole(admin, '?view=audit');
  const entries = admin.page.locator('#audit-entries li');
  await entries.first().waitFor();
  const manager = stack.device();
  await manager.signIn(person);
  assert.equal((await manager.get('/api/admin/tokens')).status, 403);
  await entries.filter({ hasText: 'Edmund Kean' }).filter({ hasText: 'was refused: GET /api/admin/tokens (forbidden).' }).waitFor();

  // A flood is one sum, at the end of its window: it costs the page no more questions than what it shows.
  const asked = () => admin.apiAnswers.filter((answer) => answer.startsWith('GET /api/admin/audit')).length;
  const before = asked();
  for (let call = 0; call < 100; ++call) await manager.get('/api/admin/tokens');
  assert.equal((await manager.get('/api/admin/audit')).status, 403);
  await entries.filter({ hasText: 'was refused: GET /api/admin/audit (forbidden).' }).waitFor();
  assert.equal(asked() - before, 1);
  assert.deepEqual(admin.errors, []);
}));

test('more than a page of the audit log at once leaves no gap in it', scene(1, async (admin) => {
  await opensConsole(admin, '?view=audit');
  const entries = admin.page.locator('#audit-entries li');
  await entries.filter({ hasText: 'registered' }).first().waitFor();
  stack.crowd(120, { prefix: 'gap', name: 'Gap' });
  await entries.filter({ hasText: 'Gap 120' }).first().waitFor();
  for (const last of ['Gap 71', 'Gap 21']) {
    await entries.filter({ hasText: `${last}.` }).waitFor();
    await admin.button('Show older').click();
  }
  await entries.filter({ hasText: 'Gap 1.' }).waitFor();
  assert.equal(await entries.filter({ hasText: 'Gap ' }).count(), 120);
  assert.deepEqual(admin.errors, []);
}));

test('an API token is made, shown once, used, and revoked', scene(1, async (admin) => {
  await opensConsole(admin, '?view=tokens');
  await admin.heading('API tokens').waitFor();
  await admin.button('Make token').click();
  await admin.page.getByText('Please say what it is for.').waitFor();
  await admin.field('Name').fill('nightly import');
  await admin.field('May').selectOption('approve');
  let lost = 0;
  await admin.page.route('**/api/admin/tokens', async (route) => {
    if (route.request().method() !== 'POST' || lost++ > 0) return route.continue();
    await route.fetch();           // it is made …
    return route.abort('failed');  // … and nobody hears of it
  });
  await admin.button('Make token').click();
  const shown = admin.page.locator('#made-token');
  await shown.filter({ hasText: /^stagedoor_\w{49}$/ }).waitFor();
  const token = await shown.textContent();
  assert.equal(lost, 2);
  const listed = admin.page.getByRole('list', { name: 'Tokens' }).getByRole('listitem').filter({ hasText: 'nightly import' });
  await listed.getByText('read and decide').waitFor();
  assert.equal(await listed.count(), 1, 'the answer that was lost made no second one');
  assert.equal((await withToken(stack, token).get('/api/admin/stage-managers')).status, 200);
  await admin.button('I have kept it').click();
  assert.equal(await admin.page.getByText(token).count(), 0);

  await listed.getByRole('button', { name: 'Revoke' }).click();
  await admin.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await withToken(stack, token).get('/api/admin/stage-managers')).status, 200);
  await listed.getByRole('button', { name: 'Revoke' }).click();
  await admin.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await listed.getByText('revoked', { exact: true }).waitFor();
  assert.equal((await withToken(stack, token).get('/api/admin/stage-managers')).status, 401);
  assert.deepEqual(admin.errors.filter((error) => !error.includes('ERR_FAILED')), []);
}));

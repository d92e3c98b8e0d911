// Ten thousand people at the console: what is in the document, what is asked for and how often it is laid out stay
// bounded, whatever happens. Counted, not timed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const many = 10_000;
const pageSize = 100;

let stack;
before(async () => {
  stack = await startStack();
  stack.crowd(many, { name: 'Member' });
  const untold = () => Number(stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output);
  await until(() => untold() === 0, { what: 'their registrations in Redis', withinMs: 120_000 });
});
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rows = ({ page }) => page.locator('#people').getByRole('listitem');
const elements = ({ page }) => page.evaluate(() => document.querySelectorAll('*').length);
const questions = ({ apiAnswers }) => apiAnswers.filter((answer) => answer.startsWith('GET /api/admin/stage-managers')).length;
const total = ({ page }, status, count) => page.locator(`#total-${status}`).getByText(count.toLocaleString('en-GB'), { exact: true }).waitFor();

async function opensConsole(admin, address = '') {
  await admin.signIn(stack.admin);
  if (address) await admin.page.goto(`/admin${address}`);
  await admin.isConnected();
  await rows(admin).nth(pageSize - 1).waitFor();
}

test('of ten thousand a page is shown, and pages lead through them and back', scene(1, async (admin) => {
  await opensConsole(admin);
  await total(admin, 'pending', many);
  assert.equal(await rows(admin).count(), pageSize);
  assert.ok(await elements(admin) < 25 * pageSize, `${await elements(admin)} elements`);
  assert.equal(questions(admin), 1, 'it was asked for once');

  const first = () => rows(admin).first().getByRole('link').textContent();
  const names = [await first()];
  for (let page = 2; page <= 4; ++page) {
    await admin.button('Older').click();
    await admin.page.getByText(`Page ${page}`, { exact: true }).waitFor();
    await rows(admin).filter({ hasText: `crowd${many - pageSize * (page - 1)}@` }).waitFor();
    names.push(await first());
    assert.equal(await rows(admin).first().evaluate((row) => row === document.activeElement), true, 'the focus is at the first of the page');
  }
  assert.deepEqual(names, [1, 2, 3, 4].map((page) => `Member ${many - pageSize * (page - 1)}`));
  await admin.page.reload();
  await rows(admin).filter({ hasText: `crowd${many - 3 * pageSize}@` }).waitFor();
  for (let page = 3; page >= 1; --page) {
    await admin.button('Newer').click();
    await rows(admin).filter({ hasText: `crowd${many - pageSize * (page - 1)}@` }).waitFor();
  }
  assert.equal(await admin.button('Newer').isDisabled(), true);
  assert.ok(await elements(admin) < 25 * pageSize);
  assert.deepEqual(admin.errors, []);
}));

test('a search finds anybody among them', scene(1, async (admin) => {
  await opensConsole(admin);
  await admin.field('Search by name or address').pressSequentially('crowd77');
  await rows(admin).filter({ hasText: 'crowd7799@' }).waitFor();
  await rows(admin).filter({ hasText: 'crowd77@' }).waitFor({ state: 'detached' });  // there are 111: it is on the next page
  await admin.field('Search by name or address').fill('member 4711');
  await rows(admin).filter({ hasText: 'crowd4711@' }).waitFor();
  await rows(admin).nth(1).waitFor({ state: 'detached' });
  assert.deepEqual(admin.errors, []);
}));

test('a burst of 500 changes asks a bounded number of questions, and lays out once a frame at most', scene(1, async (admin) => {
  await opensConsole(admin);
  await admin.page.evaluate(() => {
    window.counted = { draws: 0, frames: 0 };
    new MutationObserver(() => { window.counted.draws += 1; }).observe(document.getElementById('people'), { childList: true });
    const frame = () => { window.counted.frames += 1; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  });
  const before = questions(admin);
  const startedAt = Date.now();
  // 250 leave the first pages, 250 register: in one statement each, so that they come as fast as they can.
  stack.sqlite(`UPDATE users SET status = 'active' WHERE id IN (SELECT id FROM users WHERE status = 'pending' AND role = 'stage_manager' ORDER BY id DESC LIMIT 250)`);
  stack.crowd(250, { prefix: 'late', name: 'Late' });
  await rows(admin).filter({ hasText: 'late250@' }).waitFor();
  await total(admin, 'active', 250);
  await total(admin, 'pending', many);
  await admin.page.locator('#list:not([aria-busy])').waitFor();
  const asked = questions(admin) - before;
  const seconds = (Date.now() - startedAt) / 1_000;
  assert.ok(asked <= 1 + Math.ceil(seconds / 2), `${asked} questions in ${seconds} s: one in two seconds at most`);
  const { draws, frames } = await admin.page.evaluate(() => window.counted);
  assert.ok(draws <= frames + 1, `${draws} draws in ${frames} frames`);
  assert.equal(await rows(admin).count(), pageSize);
  assert.ok(await elements(admin) < 25 * pageSize);
  assert.equal(await rows(admin).first().getByRole('link').textContent(), 'Late 250');
  assert.deepEqual(admin.errors, []);
}));

test('what somebody points at stays where it is while others come in above', scene(1, async (admin) => {
  await opensConsole(admin);
  await rows(admin).nth(40).scrollIntoViewIfNeeded();
  const row = rows(admin).nth(40);
  const name = await row.getByRole('link').textContent();
  await row.hover();
  const place = () => rows(admin).filter({ has: admin.page.getByRole('link', { name, exact: true }) }).evaluate((one) => Math.round(one.getBoundingClientRect().top));
  const before = await place();
  stack.crowd(5, { prefix: 'above', name: 'Above' });
  await rows(admin).filter({ hasText: 'above5@' }).waitFor({ state: 'attached' });
  assert.ok(Math.abs(await place() - before) <= 2, `${before} → ${await place()}`);
}));

test('all ten thousand are selected by a bounded number of questions, and approved with progress', scene(1, async (admin) => {
  await opensConsole(admin, '?q=crowd');
  const waiting = Number(stack.sqlite("SELECT count(*) FROM users WHERE status = 'pending' AND email LIKE 'crowd%'").output);
  await admin.page.getByLabel('Select this page').check();
  const before = questions(admin);
  await admin.button('Select all that match').click();
  await admin.page.getByText(`${waiting.toLocaleString('en-GB')} selected`, { exact: true }).waitFor({ timeout: 120_000 });
  assert.ok(questions(admin) - before <= Math.ceil(waiting / 200) + 1, `${questions(admin) - before} questions`);
  assert.ok(await elements(admin) < 25 * pageSize, 'the selection is not in the document');

  await admin.button(`Approve ${waiting.toLocaleString('en-GB')}`).click();
  const dialog = admin.page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Approve/ }).click();
  await dialog.getByText(`${waiting.toLocaleString('en-GB')} approved`).first().waitFor({ timeout: 120_000 });
  const bulks = admin.apiAnswers.filter((answer) => answer === 'POST /api/admin/stage-managers/bulk 200').length;
  assert.equal(bulks, Math.ceil(waiting / 250));
  await dialog.getByRole('button', { name: 'Close' }).click();
  assert.equal(stack.sqlite("SELECT count(*) FROM users WHERE status = 'pending' AND email LIKE 'crowd%'").output.trim(), '0');
  await admin.page.getByText('Nobody matches your search.').waitFor();
  assert.deepEqual(admin.errors, []);
}));

// The console for everybody: by keyboard alone, on a phone, read aloud, in the dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { Person, withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rowOf = ({ page }, { email }) => page.locator('#people').getByRole('listitem').filter({ hasText: email });
const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);
const inFocus = async (locator) => {
  await locator.waitFor();
  await locator.page().waitForFunction((element) => element === document.activeElement, await locator.elementHandle());
};
const focused = ({ page }) => page.evaluate(() => document.activeElement.innerText || document.activeElement.id || document.activeElement.tagName);

async function opensConsole(admin, address = '') {
  await admin.signIn(stack.admin);
  if (address) await admin.page.goto(`/admin${address}`);
  await admin.isConnected();
}

/** Presses Tab until `locator` has the focus; fails after as many as a page of rows would never need. */
async function tabTo(admin, locator, key = 'Tab') {
  for (let press = 0; press < 40; ++press) {
    if (await hasFocus(locator)) return;
    await admin.page.keyboard.press(key);
  }
  assert.fail(`not reached by Tab; the focus is at ${await focused(admin)}`);
}

test('by keyboard alone: find, decide, take back, select, decide about many, close', scene(1, async (admin) => {
  const people = [];
  for (const name of ['Ada Lovelace', 'Ellen Terry', 'Ira Aldridge', 'Sarah Siddons']) people.unshift(await stack.person(name));
  const [sarah, ira, ellen, ada] = people;
  const press = (...keys) => keys.reduce((before, key) => before.then(() => admin.page.keyboard.press(key)), Promise.resolve());
  await opensConsole(admin);
  await rowOf(admin, ada).waitFor();

  await tabTo(admin, rowOf(admin, sarah));
  await press('ArrowDown');
  await inFocus(rowOf(admin, ira));
  await press('a');
  await admin.page.getByText('You approved Ira Aldridge.', { exact: true }).waitFor();
  await inFocus(rowOf(admin, ellen));                                   // the next one, not a button of theirs
  await press('e');
  await admin.page.keyboard.type('ar, a short season');                 // what is typed is text, no decision
  await press('Escape');
  await inFocus(rowOf(admin, ellen));
  await admin.page.waitForFunction((since) => performance.now() - since > 300, await admin.page.evaluate(() => performance.now()));
  await press('r');
  await admin.page.getByText('You rejected Ellen Terry.', { exact: true }).waitFor();
  assert.equal(stack.sqlite(`SELECT reason FROM audit_log WHERE user_id = '${ellen.id}' AND action = 'rejected'`).output.trim(), 'ar, a short season');
  await inFocus(rowOf(admin, ada));
  await tabTo(admin, admin.page.getByRole('region', { name: 'Last decision' }).getByRole('button', { name: 'Undo' }));
  await press('Enter');
  await rowOf(admin, ellen).waitFor();
  await admin.page.getByText('You reconsidered Ellen Terry.', { exact: true }).waitFor();

  await tabTo(admin, admin.page.getByRole('region', { name: 'Last decision' }).getByRole('button', { name: 'Dismiss' }));
  await press('Enter');
  assert.equal(await admin.page.evaluate(() => document.activeElement.matches('.person')), true, 'back in the list');
  await press('Home', 'Shift+ArrowDown', 'Shift+ArrowDown');
  await admin.page.getByText('3 selected', { exact: true }).waitFor();
  await press('x');
  await admin.page.getByText('2 selected', { exact: true }).waitFor();
  await tabTo(admin, admin.button('Approve 2'));
  await press('Enter');
  await inFocus(admin.field('Reason (optional)', admin.page.getByRole('dialog')));
  await tabTo(admin, admin.page.getByRole('dialog').getByRole('button', { name: 'Approve 2' }));
  await press('Enter');
  await inFocus(admin.page.getByRole('dialog').getByRole('button', { name: 'Close' }));
  await press('Escape');
  await admin.page.waitForFunction(() => document.activeElement.matches('.person'));

  await press('?');
  await admin.page.getByRole('dialog').getByRole('heading', { name: 'Keyboard' }).waitFor();
  await press('Escape', 'Enter');
  await inFocus(admin.page.getByRole('complementary').getByRole('heading', { level: 2 }));
  await press('Escape');
  await admin.page.waitForFunction(() => document.activeElement.matches('.person'));
  await press('/');
  await inFocus(admin.field('Search by name or address'));
  await press('ArrowDown');
  await admin.page.waitForFunction(() => document.activeElement.matches('.person'));
  assert.deepEqual(admin.errors, []);
}));

test('who leaves the list while the focus is in their row hands it to the next, and nobody loses it', scene(1, async (admin) => {
  const [first, second] = [await stack.person('Edmund Kean'), await stack.person('Eleonora Duse')];
  await opensConsole(admin);
  await rowOf(admin, second).getByRole('textbox').focus();
  // A key that is on its way when the row goes comes to the next one, about whom nobody has read anything.
  await admin.page.evaluate(() => document.getElementById('people').addEventListener('focusin', ({ target }) => {
    target.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, cancelable: true }));
  }));
  stack.sqlite(`UPDATE users SET status = 'active' WHERE id = '${second.id}'`);
  await rowOf(admin, second).waitFor({ state: 'detached' });
  await inFocus(rowOf(admin, first));
  await admin.page.locator('#news', { hasText: 'Eleonora Duse is active now.' }).waitFor();
  await rowOf(admin, first).getByRole('textbox').fill('still here');
  assert.equal(stack.sqlite(`SELECT status FROM users WHERE id = '${first.id}'`).output.trim(), 'pending');
}));

const sights = [
  ['the list', '', ({ page }) => page.locator('.person').first().waitFor()],
  ['everybody', '?status=all', ({ page }) => page.locator('.person').first().waitFor()],
  ['a person', '?person', ({ page }) => page.locator('#panel-history li').first().waitFor()],
  ['the audit log', '?view=audit', ({ page }) => page.locator('#audit-entries li').first().waitFor()],
  ['the tokens', '?view=tokens', ({ page }) => page.locator('#tokens-none, #tokens li').first().waitFor()],
  ['a selection and a decision', '', async ({ page }) => {
    await page.locator('.person').nth(0).getByRole('button', { name: 'Reject' }).click();
    await page.getByRole('button', { name: 'Undo' }).first().waitFor();
    await page.locator('.person').nth(0).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Approve 1' }).waitFor();
  }],
  ['the question about many', '', async ({ page }) => {
    await page.locator('.person').nth(0).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Approve 1' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['the keys', '', async ({ page }) => {
    await page.locator('.person').nth(0).focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  }],
];

/** Calls `look(name)` at each of them, as an admin with such a browser. */
async function seesAll(options, look) {
  const somebody = await stack.person('Eleonora Giulia Amalia Duse of Vigevano');
  await stack.person('Konstantin Sergeyevich Stanislavski');
  const admin = await Person.arrives(stack, options);
  try {
    await opensConsole(admin);
    for (const [name, address, ready] of sights) {
      await admin.page.goto(`/admin${address.replace('?person', `?person=${somebody.id}`)}`);
      await admin.isConnected();
      await ready(admin);
      await look(name, admin);
    }
    assert.deepEqual(admin.errors, []);
  } finally {
    await admin.leaves();
  }
}

for (const [where, options] of [['by day', {}], ['in the dark', { colorScheme: 'dark' }], ['on a phone', { viewport: { width: 360, height: 740 } }]]) {
  test(`nothing of the console stands in the way of assistive technology ${where}: names, roles, contrast`, stack_telling(() =>
    seesAll({ ...options, bypassCSP: true, reducedMotion: 'reduce' }, async (name, { page }) => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }));
      const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 5).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join('\n')}`);
      assert.deepEqual(told, [], name);
    })));
}

// A test's body may be made before there is a stack.
function stack_telling(body) {
  return (...args) => stack.telling(body)(...args);
}

test('on a phone nothing is cut off, and whatever is pressed is 44 pixels high', stack_telling(() =>
  seesAll({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }, async (name, { page }) => {
    const { wide, screen, small } = await page.evaluate(() => {
      const inText = (element) => element.matches('.console a') && getComputedStyle(element).display === 'inline';
      // What carries a label is pressed by it.
      const target = (element) => (element.matches('input[type=checkbox], input[type=radio]') ? element.closest('label') : element);
      const controls = [...document.querySelectorAll('.console :is(a, button, input, select, textarea)')].filter((element) => element.checkVisibility({ contentVisibilityAuto: true }));
      return {
        wide: document.documentElement.scrollWidth, screen: document.documentElement.clientWidth,
        small: controls.filter((element) => !inText(element)).map((element) => [element, target(element).getBoundingClientRect()])
          .filter(([, { height, width }]) => height < 43.5 || width < 24).map(([element, { height }]) => `${element.outerHTML.slice(0, 120)} is ${height} high`),
      };
    });
    assert.ok(wide <= screen, `${name}: ${wide} > ${screen}`);
    assert.deepEqual(small, [], name);
  })));

test('rows say whom they are about, and controls whom they act upon', scene(1, async (admin) => {
  const person = await stack.person('Yukio Ninagawa');
  await opensConsole(admin);
  const row = rowOf(admin, person);
  await row.waitFor();
  const told = await row.ariaSnapshot();
  for (const part of ['checkbox "Select"', 'link "Yukio Ninagawa"', 'textbox "Reason (optional)"', 'button "Approve"', 'button "Reject"']) {
    assert.ok(told.includes(part), `${part} in ${told}`);
  }
  const described = await row.getByRole('button', { name: 'Approve' }).evaluate((button) => document.getElementById(button.getAttribute('aria-describedby')).textContent);
  assert.equal(described, 'Yukio Ninagawa');
  assert.match(await admin.page.locator('main').ariaSnapshot(), /navigation "Console"[^]*list "People"[^]*listitem "Yukio Ninagawa/);
}));

// Registering and signing in: what is wrong is said beside the field, and a keyboard is enough.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

// What a screen reader reads with a field, and whether it is marked as wrong.
async function told(field) {
  return field.evaluate((element) => ({
    invalid: element.getAttribute('aria-invalid') === 'true',
    focused: document.activeElement === element,
    description: element.getAttribute('aria-describedby').split(' ')
      .map((id) => document.getElementById(id).textContent).filter(Boolean).join(' '),
  }));
}

test('register and sign in by keyboard alone', scene(1, async (ada) => {
  const person = stack.stranger();
  await ada.page.goto('/register');
  await ada.field('Display name').focus();
  await ada.page.keyboard.type(person.displayName);
  await ada.page.keyboard.press('Tab');
  await ada.page.keyboard.type(person.email);
  await ada.page.keyboard.press('Tab');
  await ada.page.keyboard.type(person.password);
  await ada.page.keyboard.press('Enter');
  await ada.isAt('Welcome back', '/login');
  assert.equal(await ada.field('E-mail').inputValue(), person.email);
  assert.equal((await told(ada.field('Password'))).focused, true);
  await ada.page.keyboard.type(person.password);
  await ada.page.keyboard.press('Enter');
  await ada.isAt('Waiting for approval', '/stage-manager-pending');
  assert.deepEqual(ada.errors, []);
}));

test('passwords are typed unseen, may be pasted, and are named to password managers', scene(1, async (ada) => {
  const person = await stack.person();
  const fields = async () => ada.page.locator('input[name*="assword" i]').evaluateAll((all) =>
    all.map(({ name, type, autocomplete }) => [name, type, autocomplete]));
  const paste = async (field) => {
    await field.focus();
    return field.evaluate((element) => {
      const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: new DataTransfer() });
      return element.dispatchEvent(event) && !element.readOnly && element.maxLength === -1;
    });
  };
  await ada.page.goto('/register');
  assert.deepEqual(await fields(), [['password', 'password', 'new-password']]);
  assert.ok(await paste(ada.field('Password')));
  await ada.page.goto('/login');
  assert.deepEqual(await fields(), [['password', 'password', 'current-password']]);
  assert.ok(await paste(ada.field('Password')));
  await ada.signIn(person);
  await ada.page.goto('/account');
  assert.deepEqual(await fields(), [['currentPassword', 'password', 'current-password'], ['newPassword', 'password', 'new-password']]);
  for (const name of ['currentPassword', 'newPassword']) assert.ok(await paste(ada.page.locator(`#${name}`)), name);
}));

test('the first Tab of each page leads to its content', scene(1, async (ada) => {
  for (const path of ['/login', '/register']) {
    await ada.page.goto(path);
    await ada.page.evaluate(() => document.activeElement.blur());
    await ada.page.keyboard.press('Tab');
    await ada.page.keyboard.press('Enter');
    assert.equal(await ada.page.evaluate(() => document.activeElement.id), 'main');
  }
}));

test('what was left out is asked for without asking the server', scene(1, async (ada) => {
  await ada.page.goto('/register');
  await ada.button('Create account').click();
  for (const label of ['Display name', 'E-mail', 'Password']) {
    assert.equal((await told(ada.field(label))).invalid, true, label);
  }
  assert.equal((await told(ada.field('Display name'))).focused, true);
  assert.deepEqual(ada.apiAnswers, []);
}));

test('what the server finds wrong is said beside the field', scene(1, async (ada) => {
  await ada.page.goto('/register');
  await ada.field('Display name').fill('Ada');
  await ada.field('E-mail').fill('not an address');
  await ada.field('Password').fill('long enough');
  await ada.button('Create account').click();
  await ada.page.locator('#email[aria-invalid=true]').waitFor();
  const email = await told(ada.field('E-mail'));
  assert.ok(email.focused && email.description.length > 0);
  assert.equal((await told(ada.field('Password'))).invalid, false);
}));

test('an e-mail that is taken is said beside the field', scene(1, async (ada) => {
  const person = await stack.person();
  await ada.page.goto('/register');
  await ada.field('Display name').fill('Somebody else');
  await ada.field('E-mail').fill(person.email.toUpperCase());
  await ada.field('Password').fill('long enough');
  await ada.button('Create account').click();
  await ada.page.locator('#email[aria-invalid=true]').waitFor();
  assert.match((await told(ada.field('E-mail'))).description, /account with this e-mail/);
}));

test('a wrong password and an unknown person read the same', scene(1, async (ada) => {
  const person = await stack.person();
  const texts = [];
  for (const email of [person.email, 'nobody@example.com']) {
    await ada.page.goto('/login');
    await ada.field('E-mail').fill(email);
    await ada.field('Password').fill('this is wrong');
    await ada.button('Sign in').click();
    await ada.page.locator('#password[aria-invalid=true]').waitFor();
    texts.push((await told(ada.field('Password'))).description);
  }
  assert.equal(texts[0], texts[1]);
  assert.match(texts[0], /wrong/);
}));

test('a name from elsewhere is text and nothing else', scene(2, async (ada, admin) => {
  const name = '<img src=x onerror=alert(1)> & “Ωμέγα” 👻';
  const person = stack.stranger(name);
  await ada.register(person);
  await ada.signIn(person);
  await ada.page.locator('#stub-name', { hasText: name }).waitFor();
  await admin.signIn(stack.admin);
  await admin.page.getByRole('heading', { name, exact: true }).waitFor();
  assert.deepEqual([...ada.errors, ...admin.errors], []);
}));

// The dashboard's profile: shown, edited, kept; and what is being typed is nobody else's to change.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);

async function atDashboard(ada) {
  const person = await stack.person();
  await stack.decide(person, 'approve');
  await ada.signIn(person);
  await ada.field('Company').waitFor();
  return person;
}

test('what the card shows is called as the form calls it', scene(1, async (ada) => {
  await atDashboard(ada);
  const names = await ada.page.locator('dl.facts dt').allTextContents();
  const labels = await ada.page.locator('form#profile label').allTextContents();
  assert.deepEqual(names.filter((name) => name !== 'E-mail'), labels);
}));

test('a profile is edited and kept', scene(1, async (ada) => {
  await atDashboard(ada);
  await ada.field('Display name').fill('Ada King');
  await ada.field('Phone').fill('+44 20 7946 0018');
  await ada.field('Company').fill('Royal Exchange');
  await ada.field('About you').fill('Calls the show.\nLikes quiet wings.');
  await ada.button('Save profile').click();
  await ada.page.getByText('Your profile is saved.').waitFor();
  await ada.page.locator('#shown-displayName', { hasText: 'Ada King' }).waitFor();

  await ada.page.reload();
  await ada.field('Company').waitFor();
  assert.equal(await ada.field('Display name').inputValue(), 'Ada King');
  assert.equal(await ada.field('Phone').inputValue(), '+44 20 7946 0018');
  assert.equal(await ada.field('Company').inputValue(), 'Royal Exchange');
  assert.equal(await ada.field('About you').inputValue(), 'Calls the show.\nLikes quiet wings.');
  assert.deepEqual(ada.errors, []);
}));

test('a field can be emptied again', scene(1, async (ada) => {
  await atDashboard(ada);
  for (const company of ['Old Vic', '']) {
    await ada.field('Company').fill(company);
    await ada.button('Save profile').click();
    await ada.page.getByText('Your profile is saved.').waitFor();
    await ada.page.locator('#shown-company', { hasText: company || 'Not told yet' }).waitFor();
  }
}));

test('a name that is too long is refused beside its field, and nothing is saved', scene(1, async (ada) => {
  await atDashboard(ada);
  await ada.field('Display name').fill('x'.repeat(101));
  await ada.field('Company').fill('Old Vic');
  await ada.button('Save profile').click();
  await ada.page.locator('#displayName[aria-invalid=true]').waitFor();
  assert.notEqual(await ada.page.locator('#displayName-error').textContent(), '');
  await ada.page.reload();
  await ada.field('Company').waitFor();
  assert.equal(await ada.field('Company').inputValue(), '');
}));

test('a change made in another tab shows, and leaves alone what is being typed', scene(1, async (ada) => {
  await atDashboard(ada);
  const tab = await ada.newTab();
  await tab.goto('/stage-manager');
  await ada.isConnected();
  await ada.field('Company').fill('half a wo');
  await ada.field('Display name', tab).fill('Ada King');
  await ada.button('Save profile', tab).click();
  await ada.page.locator('#shown-displayName', { hasText: 'Ada King' }).waitFor();
  assert.equal(await ada.field('Company').inputValue(), 'half a wo');
  assert.equal(await ada.field('Display name').inputValue(), 'Ada King');
}));

test('a person who is rejected while pending gets no profile', scene(1, async (ada) => {
  const person = await stack.person();
  await stack.decide(person, 'reject');
  await ada.signIn(person);
  assert.equal(await ada.apiStatus('/api/stage-manager/profile'), 403);
}));

// Twenty tabs of one browser: one cookie jar, one session, and nobody is ever sent to the sign-in page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (name, body) => test(name, (t) => withPeople(stack, 1, body)(t));

async function manyTabs(ada, heading, path, count = 20) {
  const tabs = [ada.page];
  while (tabs.length < count) tabs.push(await ada.newTab());
  await Promise.all(tabs.map(async (tab) => {
    if (tab !== ada.page) await tab.goto(path);
    await ada.isAt(heading, path, tab);
    await ada.isConnected(tab);
  }));
  return tabs;
}

function assertNobodyWasSentAway(ada, visitsBefore) {
  assert.deepEqual(ada.visits.slice(visitsBefore).filter((path) => path === '/login'), []);
  assert.deepEqual(ada.apiAnswers.filter((answer) => answer.endsWith(' 401')), []);
  assert.deepEqual(ada.errors, []);
}

const refreshes = (ada) => ada.apiAnswers.filter((answer) => answer === 'POST /api/auth/refresh-session 200').length;

scene('twenty tabs refresh at once, again and again, with an approval in between: all show the dashboard', async (ada) => {
  const person = await stack.person();
  await ada.page.goto('/login');
  await ada.page.evaluate(({ email, password }) => fetch('/api/auth/login', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password }),
  }), person);
  const jar = async () => (await ada.page.context().cookies()).filter(({ name }) => /^stagedoor-\d+$/.test(name));
  const [first] = await jar();
  const visitsBefore = ada.visits.length;

  // A fresh token is rotated by the first refresh: each tab's first one races for it.
  const tabs = [ada.page];
  while (tabs.length < 20) tabs.push(await ada.newTab());
  await Promise.all(tabs.map((tab) => tab.goto('/stage-manager-pending')));
  await Promise.all(tabs.map((tab) => ada.isAt('Waiting for approval', '/stage-manager-pending', tab)));
  const rotated = await jar();
  assert.equal(rotated.length, 1);
  assert.notEqual(rotated[0].value, first.value);

  for (let round = 0; round < 3; ++round) {
    const told = await Promise.all(tabs.map((tab) => tab.evaluate(async () => {
      const { Api } = await import('/assets/stagedoor-client.js');
      return (await new Api().refreshSession()).user.status;
    })));
    assert.deepEqual(told, Array(tabs.length).fill('pending'));
  }
  await stack.decide(person, 'approve');
  await Promise.all(tabs.map((tab) => ada.isAt('Dashboard', '/stage-manager', tab)));
  await Promise.all(tabs.map((tab) => tab.reload()));
  await Promise.all(tabs.map((tab) => ada.isAt('Dashboard', '/stage-manager', tab)));
  assert.deepEqual((await jar()).map(({ value }) => value), [rotated[0].value]);
  assertNobodyWasSentAway(ada, visitsBefore);
});

scene('a tab that is asked three times at once refreshes once; tabs do not wait for each other', async (ada) => {
  await ada.signIn(await stack.person());
  const visitsBefore = ada.visits.length;
  const tabs = await manyTabs(ada, 'Waiting for approval', '/stage-manager-pending', 5);
  await ada.page.waitForLoadState('networkidle');
  const before = refreshes(ada);
  const answers = await Promise.all(tabs.map((tab) => tab.evaluate(async () => {
    const { Api } = await import('/assets/stagedoor-client.js');
    const api = new Api();
    const three = await Promise.all([api.refreshSession(), api.refreshSession(), api.refreshSession()]);
    return three.map(({ user }) => user.status);
  })));
  assert.deepEqual(answers.flat(), Array(15).fill('pending'));
  assert.equal(refreshes(ada) - before, tabs.length);
  assertNobodyWasSentAway(ada, visitsBefore);
});

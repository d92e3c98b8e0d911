// Twenty tabs of one browser: one cookie jar, one session, and nobody is ever sent to the sign-in page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

const graceMs = 4_000;  // of the house whose tokens are rotated again and again
const rotations = 2;
const togetherMs = 800; // after which all tabs ask at the same moment
const mostRounds = 6;   // on a machine so slow that tabs go one after another
const longGraceMs = 60_000;  // of the other: limits::rotation_grace

let stack;
let rotating;
before(async () => {
  [stack, rotating] = await Promise.all([startStack(), startStack({ authFlags: ['--session-rotation-grace', `${graceMs}ms`] })]);
});
after(() => Promise.all([stack?.stop(), rotating?.stop()]));

const scene = (name, body, house = () => stack) => test(name, (t) => withPeople(house(), 1, body)(t));

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

const tokenIn = (cookie) => /(?:^|; )stagedoor-\d+=([\w-]+)/.exec(cookie)?.[1];
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
  const rotatedAt = performance.now();
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
  const [last, ...others] = await jar();
  assert.equal(others.length, 0);
  if (performance.now() - rotatedAt < longGraceMs) assert.equal(last.value, rotated[0].value);  // a slow machine rotates once more
  assertNobodyWasSentAway(ada, visitsBefore);
});

scene('twenty tabs race for one rotation after another, some with a token that is no longer the newest: nobody is sent away', async (ada, t) => {
  const person = await rotating.person();
  await ada.signIn(person);
  const tabs = await manyTabs(ada, 'Waiting for approval', '/stage-manager-pending');
  const visitsBefore = ada.visits.length;
  const presented = [];  // tokens of refreshes, in the order in which they were sent
  for (const tab of tabs) {
    tab.on('request', (request) => {
      if (new URL(request.url()).pathname === '/api/auth/refresh-session') presented.push(request.allHeaders().then(({ cookie }) => tokenIn(cookie)));
    });
  }
  const jar = async () => (await ada.page.context().cookies()).find(({ name }) => /^stagedoor-\d+$/.test(name)).value;
  const seen = new Set([await jar()]);
  let races = 0;
  for (let round = 0; round < mostRounds && races < rotations; ++round) {
    assert.equal(await ada.apiStatus('/api/auth/me'), 200);  // the newest token is in use from here on
    await pause(graceMs);
    presented.length = 0;
    const before = await jar();
    const told = await Promise.all(tabs.map((tab) => tab.evaluate(async (at) => {
      const { Api } = await import('/assets/stagedoor-client.js');
      await new Promise((resolve) => { setTimeout(resolve, at - Date.now()); });
      return (await new Api().refreshSession()).user.status;
    }, Date.now() + togetherMs)));
    assert.deepEqual(told, Array(tabs.length).fill('pending'));
    assert.ok(!seen.has(await jar()), 'a new token');
    seen.add(await jar());
    const raced = (await Promise.all(presented)).filter((token) => token === before).length;
    t.diagnostic(`${raced} of ${presented.length} refreshes carried the token that was rotated`);
    if (raced >= 2) ++races;
  }
  assert.equal(races, rotations, 'rounds in which tabs raced for the rotation');
  assertNobodyWasSentAway(ada, visitsBefore);
}, () => rotating);

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

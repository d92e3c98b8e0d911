// /admin: who wants in. Lists people by status, newest first; approves or rejects those who wait.

import { announce, byId, clockTime, describe, say } from './page.js';
import { PeopleList } from './people-list.js';
import { SessionPage } from './session-page.js';
import { Problem } from './stagedoor-client.js';

const pageSize = 25;
const pageMost = 200;        // the API's own bound
const typingPauseMs = 250;
const burstMs = 200;         // what happens to others comes in bursts: the list is asked for once
const logged = 20;           // decisions kept in sight

const page = new SessionPage((user) => { byId('who').textContent = user.displayName; });
const people = new PeopleList(byId('people'), decide);
const filter = byId('filter');
let nextCursor = null;
let asked = 0;

const query = () => ({ status: filter.elements.status.value, q: filter.elements.q.value.trim() });

function showTotals(totals) {
  for (const [status, total] of Object.entries(totals)) {
    const shown = byId(`total-${status}`);
    if (shown) shown.textContent = total;
  }
}

function showEmptiness({ status, q }) {
  const nobody = { pending: 'Nobody is waiting at the door.', active: 'Nobody is on the list yet.',
                   rejected: 'Nobody was declined.', suspended: 'Nobody is suspended.' };
  byId('empty').hidden = people.size > 0;
  byId('empty').textContent = q ? 'Nobody matches your search.' : nobody[status];
}

/** Loads as many people as are shown already, or the next ones behind them. A later question overtakes an earlier. */
async function load({ more = false } = {}) {
  const question = ++asked;
  const which = query();
  byId('list').setAttribute('aria-busy', 'true');
  try {
    const limit = more ? pageSize : Math.min(pageMost, Math.max(pageSize, people.size));
    const cursor = more ? nextCursor : '';
    const ask = async () => (question === asked ? page.api.stageManagers({ ...which, limit, cursor }) : null);
    const answer = await page.patiently(ask);
    if (question !== asked) return;
    people.show(answer.items, { keep: more });
    nextCursor = answer.nextCursor;
    byId('more').hidden = !nextCursor;
    showTotals(answer.totals);
    showEmptiness(which);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 403) await page.check();  // no longer an admin: go where the session belongs
    else say(byId('message'), describe(problem));
  } finally {
    if (question === asked) byId('list').removeAttribute('aria-busy');
  }
}

function log(text) {
  const entry = document.createElement('li');
  entry.textContent = `${clockTime()} – ${text}`;
  byId('log').prepend(entry);
  while (byId('log').children.length > logged) byId('log').lastChild.remove();
  byId('log-section').hidden = false;
}

const decisions = {
  approve: { call: (id, options) => page.api.approve(id, options), done: (name) => `You approved ${name}.` },
  reject: { call: (id, options) => page.api.reject(id, options), done: (name) => `You rejected ${name}.` },
};

/** Called by the list for a press of Approve or Reject; resolves to true if the person has left the list. */
async function decide(person, action, reason) {
  try {
    await page.once(() => decisions[action].call(person.id, { reason }));
    const text = decisions[action].done(person.displayName);
    announce(text);
    log(reason ? `${text} “${reason}”` : text);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const overtaken = problem.code === 'invalid_transition' || problem.status === 404;
    say(byId('message'), overtaken
      ? `${person.displayName}: somebody else has decided meanwhile. The list is up to date again.`
      : `${person.displayName}: nothing was changed. ${describe(problem)}`);
    if (!overtaken) return false;
  }
  await load();
  return true;
}

let pause = null;
filter.addEventListener('submit', (event) => event.preventDefault());
filter.addEventListener('input', ({ target }) => {
  clearTimeout(pause);
  pause = setTimeout(() => { people.clear(); load(); }, target.name === 'q' ? typingPauseMs : 0);
});
byId('more').addEventListener('click', async () => {
  const before = people.size;
  await load({ more: true });
  people.focus(before);
});
byId('reload').addEventListener('click', async () => {
  await load();
  announce(`The list is up to date. Checked at ${clockTime()}.`);
});

// The list follows what is heard of others, each return to the page, and each reconnection. It does not poll, and does not
// follow where nobody looks: a page that asks by itself would keep an unattended session from ever becoming idle.
let due = null;
function loadSoon() {
  if (document.visibilityState !== 'visible') return;  // it loads on return
  due ??= setTimeout(() => { due = null; load(); }, burstMs);
}
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') load(); });
page.notifications.addEventListener('state', ({ detail }) => { if (detail.reconnected) loadSoon(); });
page.notifications.addEventListener('event', ({ detail }) => { if (detail.subject !== page.user?.id) loadSoon(); });
// What was heard does not continue what the list knows.
page.notifications.addEventListener('welcome', ({ detail }) => { if (detail.feed && !detail.feed.resumed) loadSoon(); });

if (await page.check()) await load();

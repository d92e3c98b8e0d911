// /admin, the console: who wants in, who is in, and who did what. Here its parts are put together; each of them is in a
// file console-*.js. What is shown is in the address, see console-address.js.

import { readAddress, writeAddress } from './console-address.js';
import { AuditView } from './console-audit.js';
import { BulkDialog } from './console-bulk-dialog.js';
import { Decisions } from './console-decisions.js';
import { Decided } from './console-last.js';
import { News } from './console-news.js';
import { PeopleView } from './console-people-view.js';
import { PersonPanel } from './console-person.js';
import { TokensView } from './console-tokens.js';
import { byId } from './page.js';
import { SessionPage } from './session-page.js';
import { AdminApi } from './stagedoor-admin-api.js';

const headings = { people: 'Stage managers', audit: 'Audit log', tokens: 'API tokens' };

const page = new SessionPage((user) => { byId('who').textContent = user.displayName; }, { api: new AdminApi() });
let address = readAddress(location.search);

const news = new News();
const decided = new Decided({ undo: (entry) => decisions.undo(entry), back: focusSomewhere });
const dialog = new BulkDialog(page, focusSomewhere);
const decisions = new Decisions(page, dialog, {
  hear: (user, previousStatus) => hear(user, previousStatus),
  tell: (what) => decided.tell(what),
  stale: () => people.loadSoon(),
});
const people = new PeopleView(page, {
  go,
  open: ({ id }) => open(id),
  hrefOf: ({ id }) => location.pathname + writeAddress({ ...address, person: id }),
  decide: (person, action, reason) => decisions.one(person, action, reason),
  decideMany: (some, action) => decisions.many(some, action),
  undo: () => decided.undoLast(),
});
const panel = new PersonPanel(page, { decide: (person, action, reason) => decisions.one(person, action, reason), close });
const audit = new AuditView(page, (id) => go({ view: 'people', person: id }));
const tokens = new TokensView(page, sure);

/** Goes to another address of this page, by what changes in it. */
function go(changes, { replace = false, trail = [], opened = false } = {}) {
  address = { ...address, ...changes };
  history[replace ? 'replaceState' : 'pushState']({ trail, opened }, '', location.pathname + writeAddress(address));
  show();
}

const trailNow = () => history.state?.trail ?? [];

function open(id) {
  go({ person: id }, { trail: trailNow(), opened: true });
}

function close() {
  const { id } = panel;
  if (history.state?.opened) history.back();
  else go({ person: '' }, { trail: trailNow() });
  panel.show('');
  people.focus(id);
}

function show() {
  const { view, person } = address;
  document.body.dataset.view = view;
  document.title = `${headings[view]} · Stagedoor`;
  byId('heading').textContent = headings[view];
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  byId('people-view').hidden = view !== 'people';
  audit.show(view === 'audit');
  tokens.show(view === 'tokens');
  panel.show(view === 'people' ? person : '', people.find(person));
  return view === 'people' ? people.apply(address, trailNow()) : null;
}

function hear(user, previousStatus) {
  decided.hear(user);
  panel.hear(user);
  audit.hear();
  const own = decisions.own.has(user.id);
  const outcome = people.hear(user, previousStatus, { own });
  if (!own && outcome) news.note(outcome, user);
}

/** Asks whether something is wanted that cannot be taken back. */
function sure({ title, text, yes }) {
  byId('sure-title').textContent = title;
  byId('sure-text').textContent = text;
  byId('sure-yes').textContent = yes;
  byId('sure').returnValue = 'no';
  byId('sure').showModal();
  return new Promise((resolve) => {
    byId('sure').addEventListener('close', () => resolve(byId('sure').returnValue === 'yes'), { once: true });
  });
}

// What had the focus may have gone meanwhile.
function focusSomewhere() {
  if (address.view !== 'people') byId('heading').focus();
  else if (document.activeElement === document.body || !document.activeElement?.checkVisibility()) people.focus();
}

byId('views').addEventListener('click', (event) => {
  const { view } = event.target.dataset;
  if (!view || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go({ view, person: '', before: '' });
});
window.addEventListener('popstate', () => {
  address = readAddress(location.search);
  show();
});

// What happens where nobody looks is asked for when somebody looks again.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || !page.user) return;
  people.catchUp();
  panel.load();
  audit.hear();
});
page.notifications.addEventListener('state', ({ detail }) => {
  if (!detail.reconnected) return;
  people.loadSoon();
  audit.hear();
});
page.notifications.addEventListener('stagedoor.audit.denied', () => audit.hear());
page.notifications.addEventListener('event', ({ detail: { subject, data } }) => {
  if (subject === page.user?.id || !data?.user) return;
  const isNew = data.previousStatus === null;
  hear(isNew ? { ...data.user, createdAt: data.at } : data.user, data.previousStatus);
});
// What was heard does not continue what is known.
page.notifications.addEventListener('welcome', ({ detail }) => {
  if (!page.user || !detail.feed || detail.feed.resumed) return;
  people.catchUp();
  audit.hear();
});

page.notifications.open();  // beside the refresh: the list waits for both
if (await page.check()) await show();

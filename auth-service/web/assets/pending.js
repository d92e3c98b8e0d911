// /stage-manager-pending: the place to wait. It holds the socket and moves on by itself; a person whose request was
// declined reads so here, and hears if that is reconsidered.

import { byId, clockTime, luggage, say } from './page.js';
import { SessionPage } from './session-page.js';

const texts = {
  pending: {
    heading: 'Waiting for approval',
    lede: 'Your account is ready. Before the curtain goes up, an admin has to put you on the list.',
    hint: 'You can keep this page open: it moves on by itself the moment that happens.',
    stub: 'Pending',
    unchanged: 'Nothing has changed yet: your request is still with the admins.',
  },
  rejected: {
    heading: 'Request declined',
    lede: 'An admin has looked at your request and declined it.',
    hint: 'You are still signed in. Should the decision be reconsidered, you will read it here.',
    stub: 'Declined',
    unchanged: 'Nothing has changed: your request is still declined.',
  },
};

// The reason comes with the event only, so this tab keeps it for a reload.
function showReason(user) {
  const kept = JSON.parse(luggage.peek('declined') ?? 'null');
  const told = user.status === 'rejected' && kept?.id === user.id && kept.reason;
  byId('reason').hidden = !told;
  byId('reason-text').textContent = told || '';
}

function show(user) {
  const text = texts[user.status] ?? texts.pending;
  if (document.body.dataset.status !== user.status) say(byId('result'), '');
  document.body.dataset.status = user.status;
  document.title = `${text.heading} · Stagedoor`;
  say(byId('heading'), text.heading);
  say(byId('lede'), text.lede);
  say(byId('hint'), text.hint);
  byId('stub-status').textContent = text.stub;
  byId('stub-name').textContent = user.displayName;
  byId('who').textContent = user.displayName;
  byId('email').textContent = user.email;
  showReason(user);
}

const page = new SessionPage(show);

page.notifications.addEventListener('stagedoor.stage_manager.rejected', ({ detail: { subject, data } }) => {
  luggage.put('declined', JSON.stringify({ id: subject, reason: data.reason }));
});

const button = byId('check');
button.addEventListener('click', async () => {
  button.setAttribute('aria-busy', 'true');
  say(byId('result'), '');
  const before = page.user?.status;
  const answer = await page.check();
  button.removeAttribute('aria-busy');
  if (answer === null || answer.user.status !== (before ?? answer.user.status)) return;
  const { unchanged } = texts[answer.user.status] ?? texts.pending;
  say(byId('result'), `${unchanged} Checked at ${clockTime()}.`);
});

page.check();

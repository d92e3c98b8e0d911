// /stage-manager: the dashboard. It refreshes the session before anything else, so that a session that is still marked
// pending finds out here that it no longer is.

import { onSubmit } from './forms.js';
import { byId, describe, luggage, say } from './page.js';
import { SessionPage } from './session-page.js';
import { Problem } from './stagedoor-client.js';

const fields = ['displayName', 'phone', 'company', 'bio'];
const form = byId('profile');
const saved = {};
let loadedVersion = null;

function showUser(user) {
  if (loadedVersion !== null && user.version > loadedVersion) loadProfile();  // changed from elsewhere
  byId('who').textContent = user.displayName;
  byId('email').textContent = user.email;
  byId('greeting').textContent = `Good to see you, ${user.displayName}.`;
}

// What somebody is typing is never overwritten: only fields that still say what was saved follow the server.
function showProfile({ profile, user }) {
  for (const name of fields) {
    const value = (profile[name] ?? '').replace(/\r\n?/g, '\n');  // as a text field would have it
    if (form.elements[name].value === (saved[name] ?? '')) form.elements[name].value = value;
    const shown = byId(`shown-${name}`);
    shown.textContent = value || 'Not told yet';
    shown.classList.toggle('empty', value === '');
    saved[name] = value;
  }
  loadedVersion = user.version;
  showUser(user);
}

const page = new SessionPage(showUser);

async function loadProfile() {
  try {
    showProfile(await page.patiently(() => page.api.profile()));
    byId('content').hidden = false;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 403) await page.check();  // the status changed meanwhile: go where it belongs
    else say(byId('notice'), describe(problem));
  }
}

onSubmit(form, async (values) => {
  say(byId('saved'), '');
  const changes = Object.fromEntries(fields.filter((name) => values[name] !== saved[name])
                                           .map((name) => [name, values[name]]));
  if (Object.keys(changes).length === 0) {
    say(byId('saved'), 'There is nothing to save.');
    return;
  }
  const answer = await page.once(() => page.api.updateProfile(changes));
  for (const name of Object.keys(changes)) saved[name] = form.elements[name].value;
  showProfile(answer);
  say(byId('saved'), 'Your profile is saved.');
});

const answer = await page.check();
if (answer) {
  const { statusChanged, previousStatus, user } = answer;
  const approved = luggage.take('notice') === 'approved' || (statusChanged && previousStatus === 'pending');
  if (approved && user.status === 'active') say(byId('notice'), 'You have been approved. The stage is yours.');
  await loadProfile();
}

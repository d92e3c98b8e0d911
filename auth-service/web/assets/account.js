// /account: who somebody is, their password, and where they are signed in. For everybody who is signed in, whatever
// their role and status; it is nobody's home, so it stays when those change.

import { DeviceList } from './device-list.js';
import { onSubmit, revealWith } from './forms.js';
import { announce, byId, describe, say } from './page.js';
import { SessionPage } from './session-page.js';
import { Problem } from './stagedoor-client.js';

const roles = { stage_manager: 'Stage manager', admin: 'Admin' };
const statuses = { pending: 'Waiting for approval', active: 'Active', rejected: 'Declined', suspended: 'Suspended' };

function showUser(user) {
  byId('who').textContent = user.displayName;
  byId('name').textContent = user.displayName;
  byId('email').textContent = user.email;
  byId('username').value = user.email;
  byId('role').textContent = roles[user.role] ?? user.role;
  byId('status').textContent = statuses[user.status] ?? user.status;
}

const page = new SessionPage(showUser, { stays: true });
const devices = new DeviceList(byId('devices'), { heading: 'h3', end });
let asked = 0;

async function load() {
  const question = ++asked;
  byId('list').setAttribute('aria-busy', 'true');
  try {
    const { items } = await page.patiently(() => page.api.sessions());
    if (question === asked) devices.show(items);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    announce(describe(problem));
  } finally {
    if (question === asked) byId('list').removeAttribute('aria-busy');
  }
}

/** Called by the list for a press of Sign out; resolves to true if the device has left the list. */
async function end(session) {
  try {
    await page.once(() => page.api.endSession(session.id));
    announce(`${session.device} is signed out.`);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status !== 404) {
      announce(`${session.device} is still signed in. ${describe(problem)}`);
      return false;
    }
    announce(`${session.device} was signed out already.`);
  }
  await load();
  return true;
}

const form = byId('password');
const passwords = [form.currentPassword, form.newPassword];
for (const field of passwords) revealWith(byId('reveal'), field);
onSubmit(form, async (values) => {
  say(byId('changed'), '');
  await page.once(() => page.api.changePassword(values));
  for (const field of passwords) field.value = '';
  say(byId('changed'), 'Your password is changed. Your other devices are signed out.');
  await load();
}, ({ code, title }) => (code === 'wrong_password' ? [{ field: 'currentPassword', message: title }] : []));

byId('everywhere').addEventListener('click', () => page.signOut({
  button: byId('everywhere'), call: () => page.api.logoutAll(), notice: 'everywhere',
}));

// As on the other pages: asked again at each return and each reconnection, never by a clock.
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') load(); });
page.notifications.addEventListener('state', ({ detail }) => { if (detail.reconnected) load(); });

if (await page.check()) {
  byId('content').hidden = false;
  await load();
}

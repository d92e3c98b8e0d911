// /login: the way in. It asks nothing of the API before somebody signs in.

import { onSubmit, revealWith } from './forms.js';
import { byId, luggage } from './page.js';
import { Api, localPath } from './stagedoor-client.js';

const notices = {
  everywhere: 'You are signed out on all devices.',
  registered: 'Your account is made. Sign in to see where it stands.',
  account_suspended: 'Your account has been suspended, so you were signed out. An admin can tell you more.',
  session_expired_idle: 'You were away for a long time, so you were signed out. Please sign in again.',
  session_expired_absolute: 'It has been a while since you last signed in. Please sign in again.',
  session_revoked: 'This session was ended. Please sign in again.',
  session_ended_elsewhere: 'This device was signed out from another one. Please sign in again.',
  session_ended_by_admin: 'An admin ended this session. Please sign in again.',
  session_displaced: 'You signed in on many other devices, so this one was signed out. Please sign in again.',
  session_token_reused: 'To keep your account safe, this session was ended. Please sign in again.',
};

const form = byId('login');
const api = new Api();

byId('notice').textContent = notices[luggage.take('notice')] ?? '';
const email = luggage.take('email');
if (email && form.email.value === '') {
  form.email.value = email;
  form.password.focus();
}

revealWith(byId('reveal'), form.password);
onSubmit(form, async ({ email: address, password }) => {
  const { redirectUrl } = await api.login({ email: address, password });
  const home = localPath(redirectUrl, location.origin) ?? '/';
  // Whoever was signed out in the middle of something goes on there, if it is on the page where they belong.
  const left = localPath(luggage.take('return'), location.origin);
  location.replace(left?.split('?')[0] === home ? left : home);
}, ({ code, title }) => (code === 'invalid_credentials' ? [{ field: 'password', message: title }] : []));

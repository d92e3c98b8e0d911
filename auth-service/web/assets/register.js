// /register: a new account. It starts out pending; its owner signs in next.

import { onSubmit, revealWith } from './forms.js';
import { byId, luggage } from './page.js';
import { Api } from './stagedoor-client.js';

const form = byId('register');
const api = new Api();

revealWith(byId('reveal'), form.password);
onSubmit(form, async (values) => {
  await api.register(values);
  luggage.put('notice', 'registered');
  luggage.put('email', values.email);
  location.replace('/login');
}, ({ code, title }) => (code === 'email_taken' ? [{ field: 'email', message: title }] : []));

// Stagedoor's browser library: no dependencies, no build step.
//
//   import { Api, Notifications } from '/assets/stagedoor-client.js';
//
//   const api = new Api();
//   const notifications = new Notifications({ url: '/ws', refresh: () => api.refreshSession() });
//   notifications.addEventListener('user', async ({ detail: { user } }) => {
//     const { redirectUrl } = await api.refreshSession({ ackVersion: user.version });
//     location.assign(redirectUrl);
//   });
//   notifications.addEventListener('state', ({ detail: { state } }) => console.info(state));
//   notifications.open();
//
// What admins call is in stagedoor-admin-api.js beside it: AdminApi, which is an Api with more calls.
//
// Three rules keep people signed in:
// - only a Problem with `signedOut` (401) means that the session is over; `temporary` ones are tried again;
// - a lost connection says nothing about the session; after each reconnection (`reconnected`) ask for the status;
// - `user` and `event` may come while a call is under way: the higher `version` is the truth.

export { Api, Problem } from './stagedoor-api.js';
export { NotificationEvent, Notifications, browserEnvironment } from './stagedoor-notifications.js';
export { bounds, closeTable, localPath, retryDelay } from './stagedoor-policy.js';

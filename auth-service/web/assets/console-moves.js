// What may be decided about whom, what takes a decision back, and how all of it is said. Pure; the same table as
// common/core/user.hpp, which a test compares.

/**
 * By action: who it is for (`from`) and what they are then (`to`); what is written on its button; what was `done`, as
 * events and the audit log call it. `counter` is the decision in the other direction. It `restores` what was before,
 * except for `approve`: nobody goes back to waiting, so what is offered is said by its own name.
 */
export const moves = Object.freeze({
  approve: { from: 'pending', to: 'active', label: 'Approve', done: 'approved', style: 'primary', key: 'a', counter: 'suspend', restores: false },
  reject: { from: 'pending', to: 'rejected', label: 'Reject', done: 'rejected', style: 'danger', key: 'r', counter: 'reconsider', restores: true },
  reconsider: { from: 'rejected', to: 'pending', label: 'Reconsider', done: 'reconsidered', style: 'quiet', key: 'c', counter: 'reject', restores: true },
  suspend: { from: 'active', to: 'suspended', label: 'Suspend', done: 'suspended', style: 'danger', key: 's', counter: 'reinstate', restores: true },
  reinstate: { from: 'suspended', to: 'active', label: 'Reinstate', done: 'reinstated', style: 'primary', key: 'i', counter: 'suspend', restores: true },
});

export const statusWords = Object.freeze({ pending: 'Waiting', active: 'Active', rejected: 'Declined', suspended: 'Suspended' });

/** The actions that are possible for `status`, in the order of their buttons. */
export const actionsFor = (status) => Object.keys(moves).filter((action) => moves[action].from === status);

/** What a button says that takes `action` back. */
export const counterLabel = (action) => (moves[action].restores ? 'Undo' : `${moves[moves[action].counter].label} instead`);

/** "1,204": a number of people, in the language of the console. */
export const figure = (count) => count.toLocaleString('en-GB');

/** "1 person", "1,204 people". */
export const people = (count) => (count === 1 ? '1 person' : `${figure(count)} people`);

/** "You approved Ada Lovelace." */
export function decidedSentence(action, name, reason = '') {
  return reason ? `You ${moves[action].done} ${name}. “${reason}”` : `You ${moves[action].done} ${name}.`;
}

const parts = { sql: 'Somebody with SQL', nobody: 'Nobody', 'create-admin': 'The command create-admin' };

/** Who did something, as the API names them (`Named`), for people. `me` is the id of the admin who reads. */
export function author(by, me = null) {
  if (!by) return 'Somebody else';
  if (by.id === me) return 'You';
  if (!by.displayName) return parts[by.id] ?? by.id;
  return by.email ? `${by.displayName} (${by.email})` : by.displayName;
}

/** Why `action` about `name` did not come about: who did what when. `conflict` is a Problem's, `when` formats a Date. */
export function conflictSentence(action, name, conflict, { me, when }) {
  const { did, by, at, userStatus } = conflict;
  const place = by?.id === me ? ', in another window or by a tool,' : '';
  const first = did && at ? `${author(by, me)}${place} ${did === 'updated' ? 'changed' : did} ${name} ${when(new Date(at))}.`
                          : `Somebody else has decided about ${name} meanwhile.`;
  const now = userStatus ? ` Now: ${statusWords[userStatus].toLowerCase()}.` : '';
  return `Not ${moves[action].done}. ${first}${now}`;
}

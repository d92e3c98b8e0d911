// An entry of the audit log in plain words: pure.

import { author } from './console-moves.js';

const ways = { api: '', token: 'with an API token', cli: 'by a command on the server', sql: 'with SQL', 'after-restore': 'after a restore' };

const ends = {
  session_signed_out: 'signed out', session_ended_elsewhere: 'signed out from another device', session_ended_by_admin: 'ended by an admin',
  session_displaced: 'ended: signed in on many other devices', session_token_reused: 'ended: its token came twice',
  session_expired_idle: 'ended: idle for too long', session_expired_absolute: 'ended: its time was over', session_revoked: 'ended',
};

const facts = { displayName: 'name', email: 'e-mail', role: 'role', status: 'status' };

function changes({ before, after }) {
  if (!before || !after) return '';
  const told = Object.keys(facts).filter((fact) => before[fact] !== after[fact])
    .map((fact) => `${facts[fact]} “${before[fact]}” to “${after[fact]}”`);
  if (before.epoch !== after.epoch) told.push('all sessions ended');
  return told.join(', ');
}

const sentences = {
  registered: (who, whom, own) => (own ? `${who} registered` : `${who} registered ${whom}`),
  password_changed: (who, whom, own) => (own ? `${who} changed the password` : `${who} changed the password of ${whom}`),
  session_ended: (who, whom, own, { reason }) => {
    const how = ends[reason] ?? 'ended';
    return own ? `${who}: a session was ${how}` : `${who}: a session of ${whom} was ${how}`;
  },
  token_created: (who, whom, own, { details }) => `${who} made the API token “${details?.name}” (${details?.scope})`,
  token_revoked: (who, whom, own, { details }) => `${who} revoked the API token “${details?.name}”`,
  updated: (who, whom, own, entry) => {
    const what = changes(entry);
    return own ? `${who} changed ${what || 'something'}` : `${who} changed ${whom}${what && `: ${what}`}`;
  },
  denied: (who, whom, own, { details }) => {
    const call = details?.route ? `${details.method} ${details.route}` : 'what came too often to be told one by one';
    return `${who} was refused${details?.count > 1 ? ` ${details.count} times` : ''}: ${call} (${details?.code})`;
  },
};

/**
 * `{sentence, reason, way}`: who did what, why, and by which way.
 *
 * @param {object} entry - AuditEntry of openapi.yaml
 * @param {{me?: string}} options - the id of the admin who reads
 */
export function entryWords(entry, { me = null } = {}) {
  const own = entry.user?.id === entry.actor.id;
  const [who, whom] = [author(entry.actor, me), entry.user ? nameOf(entry.user, me) : 'a stranger'];
  const say = sentences[entry.action] ?? (() => `${who} ${entry.action} ${whom}`);
  const way = [ways[entry.origin] ?? entry.origin, entry.address && `from ${entry.address}`, entry.version && `version ${entry.version}`];
  return {
    sentence: `${say(who, whom, own, entry)}.`,
    reason: entry.action === 'session_ended' ? '' : entry.reason ?? '',
    way: way.filter(Boolean).join(', '),
  };
}

function nameOf(user, me) {
  if (user.id === me) return 'you';
  return user.displayName ?? user.id;
}

// Whether database, Redis and tabs say the same, exactly. The audit log is the measure: triggers write it with each
// change, and nothing removes from it.
const typeOf = (action) => `stagedoor.${action === 'updated' ? 'user' : 'stage_manager'}.${action}`;

/** Everything that was committed of these people: a Map from user id to rows in the order of versions. */
export function readHistory(stack) {
  const { output } = stack.sqlite(`SELECT json_array(user_id, version, action, json_extract(before, '$.status'),
    json_extract(after, '$.status'), json_extract(after, '$.epoch'), reason)
    FROM audit_log WHERE version IS NOT NULL ORDER BY user_id, version`);
  const history = new Map();
  for (const line of output.trim().split('\n')) {
    const [id, version, action, before, status, epoch, reason] = JSON.parse(line);
    if (!history.has(id)) history.set(id, []);
    history.get(id).push({ version, type: typeOf(action), before, status, epoch, reason });
  }
  return history;
}

/** Complaints about what was decided: each decision was made, and none of them twice. */
export function judgeDecisions(history, { people, decisions }) {
  const complaints = [];
  const rows = people.flatMap(({ id }) => history.get(id));
  const made = rows.length - people.length;  // one row each is the registration
  if (made !== decisions.made) complaints.push(`${decisions.made} decisions were made, the database has ${made}`);
  const reasons = rows.map(({ reason }) => reason).filter((reason) => reason !== null);
  const once = new Set(reasons);
  if (once.size !== reasons.length) complaints.push(`${reasons.length - once.size} decisions were made twice`);
  if (once.size !== decisions.reasons.size) complaints.push(`${decisions.reasons.size} answers, ${once.size} decisions by the API`);
  return complaints;
}

/** Complaints about what one tab has heard. */
export function judgeTab(history, { person, heard }) {
  const rows = history.get(person.id);
  if (heard.length === 0) return [`${person.email} heard nothing`];
  const complaints = heard[0].version > 2 ? [`${person.email} heard from version ${heard[0].version} on`] : [];
  for (const { version, type, id, user, previousStatus, reason, epoch } of heard) {
    const row = rows[version - 1];
    const same = row && row.type === type && row.status === user.status && row.before === previousStatus
      && row.reason === reason && id === `${person.id}.${version}`;
    if (!same) complaints.push(`${person.email} heard ${type} ${version} ${user.status}, committed was ${JSON.stringify(row)}`);
    else if (row.epoch > epoch) complaints.push(`${person.email} heard version ${version} of epoch ${row.epoch} with a session of epoch ${epoch}`);
  }
  if (heard.at(-1).version !== rows.length) complaints.push(`${person.email} knows ${heard.at(-1).version} of ${rows.length}`);
  return complaints;
}

/** Complaints about what Redis has of one person. */
export async function judgeRedis(history, person, redis) {
  const rows = history.get(person.id);
  const [text, entries] = await Promise.all([
    redis.command('GET', `stagedoor:{${person.id}}:user`),
    redis.command('XRANGE', `stagedoor:{${person.id}}:events`, '-', '+'),
  ]);
  const complaints = [];
  const snapshot = JSON.parse(text ?? '{}');
  if (snapshot.version !== rows.length || snapshot.status !== rows.at(-1).status) {
    complaints.push(`${person.email}: the snapshot has ${snapshot.version} ${snapshot.status}, committed was ${rows.length}`);
  }
  const versions = entries.map(([id]) => Number(id.split('-')[0]));
  const whole = versions.length > 0 && versions.every((version, i) => version === rows.length - versions.length + 1 + i);
  if (!whole) complaints.push(`${person.email}: the stream has ${versions.join(' ')}, committed was ${rows.length}`);
  return complaints;
}

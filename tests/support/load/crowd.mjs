// Who is there: people with sessions, those that seem to live and those that have ended.

export class Crowd {
  people;
  living = [];
  ended = [];
  #random;

  /** @param people - Persons with sessions */
  constructor(people, random) {
    this.people = people;
    this.#random = random;
    this.sort();
  }

  get anyone() { return this.#random.of(this.people); }
  get anyLiving() { return this.#random.of(this.living); }
  get anyEnded() { return this.#random.of(this.ended); }

  /** From now on nothing is asked with these sessions, until they are back. */
  depart(sessions) {
    for (const session of sessions) session.away = true;
    this.sort();
  }
  comeBack(sessions) {
    for (const session of sessions) session.away = false;
    this.sort();
  }

  begun(session) { (session.seemsAlive ? this.living : this.ended).push(session); }

  over(session) {
    if (!this.living.includes(session)) return;
    this.living = this.living.filter((each) => each !== session);
    this.ended.push(session);
  }

  /** From now on answers may be as old as that (C3). */
  mayBeStale(ms) {
    for (const person of this.people) person.staleMs = ms;
  }

  sort() {
    const all = this.people.flatMap((person) => person.sessions);
    this.living = all.filter((session) => session.seemsAlive && !session.away);
    this.ended = all.filter((session) => !session.seemsAlive);
  }

  /**
   * What was answered against what the database has: a list of what differs. From then on nothing is uncertain. Only
   * while nobody changes anything.
   */
  async compareWith(sql) {
    const sessions = await sql.rows(
      'SELECT s.id, s.ended_at_ms IS NULL AND u.status <> \'suspended\' AND (s.epoch = u.epoch'
      + ' OR (s.id = coalesce(u.kept_session, \'\') AND u.kept_epoch = u.epoch)) FROM sessions s JOIN users u ON u.id = s.user_id');
    const alive = new Map(sessions.map(([id, lives]) => [id, lives === '1']));
    const facts = new Map((await sql.rows('SELECT id, status, version FROM users'))
      .map(([id, status, version]) => [id, { status, version: Number(version) }]));
    const now = performance.now();
    const differences = [];
    for (const person of this.people) {
      Object.assign(person, facts.get(person.id), { retry: undefined });
      for (const session of person.sessions) {
        const lives = alive.get(session.id) ?? false;
        if (!lives && session.seemsAlive) differences.push(`${session.id} ended without being asked to`);
        if (lives && session.endedFrom < now) differences.push(`${session.id} lives on after its end was answered`);
        if (lives && session.deniedFrom < now) differences.push(`${session.id} lives and was refused`);
        session.settle(lives, now);
      }
    }
    this.sort();
    return differences;
  }
}

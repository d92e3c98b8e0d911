// What is true of people and their sessions, as far as it can be known from outside: from what was asked and answered,
// and when. Pure; times are numbers on one clock. An answer is judged by what was certain when its request was sent
// and by what was possible until it came; what neither forbids is right.
//
// With `staleMs` a person's answers may stand on what was true so long before their requests: what a node remembers, while
// a connection that it stands on has gone half open, and not a moment longer (C3).

/** A number that only rises, and what it was. */
class Rising {
  #steps = [{ at: -Infinity, value: 0 }];

  rise(at, value) {
    if (value > this.#steps.at(-1).value) this.#steps.push({ at, value });
  }

  asOf(time) { return this.#steps.findLast(({ at }) => at <= time).value; }
}

export class Session {
  away = false;                // nothing is asked with it for now
  endPossibleFrom = Infinity;  // an end was sent at this time, whatever came of it
  endedFrom = Infinity;        // an end had been answered at this time
  deniedFrom = Infinity;       // a 401 had been answered at this time: for the session is over, and that is final

  /** @param began - `{sent, answered}` of the sign-in */
  constructor(person, id, cookie, began) {
    Object.assign(this, { person, id, cookie, began });
    person.sessions.push(this);
    for (const end of person.ends) this.#suffer(end);
  }

  get seemsAlive() { return this.endPossibleFrom === Infinity && this.deniedFrom === Infinity; }

  /** An end of this session alone is sent; call `end.certain(now)` when it is answered. */
  endSent(now) {
    this.endPossibleFrom = Math.min(this.endPossibleFrom, now);
    return { certain: (answered) => { this.endedFrom = Math.min(this.endedFrom, answered); } };
  }

  // An end of all sessions that was answered before this one began to be, has nothing to do with it. One that was sent
  // when this one was there already ends it. Between the two nobody can tell.
  #suffer(end) {
    if (end.kept === this || end.answered <= this.began.sent) return;
    this.endPossibleFrom = Math.min(this.endPossibleFrom, end.sent);
    if (this.began.answered <= end.sent) this.endedFrom = Math.min(this.endedFrom, end.certainFrom);
  }

  sufferAgain(end) { this.#suffer(end); }

  /** What the ledger says, once nothing is under way any more. */
  settle(alive, now) {
    if (alive) {
      this.endPossibleFrom = Infinity;
    } else {
      this.endPossibleFrom = Math.min(this.endPossibleFrom, now);
      this.endedFrom = Math.min(this.endedFrom, now);
    }
  }

  /** What is wrong with an answer about this session: a short name, or nothing. `admitted`: it was let in. */
  judge({ sent, answered }, admitted) {
    if (admitted) {
      const { staleMs } = this.person;
      if (this.endedFrom + staleMs <= sent) return 'let in after its end';
      if (this.deniedFrom + staleMs <= sent) return 'let in after a 401';
      return undefined;
    }
    this.deniedFrom = Math.min(this.deniedFrom, answered);
    return this.endPossibleFrom < answered ? undefined : 'refused while alive';
  }
}

export class Person {
  sessions = [];
  ends = [];
  passwordChangedAt = -Infinity;  // when the last change of the password was sent
  passwordSettledAt = -Infinity;  // and answered; until then nobody knows which one is right
  staleMs = 0;
  #relayed = new Rising();  // the version that was answered as relayed: everybody has to know it
  #seen = [];               // per node: the newest version it has told
  #statusOf = new Map();    // by version

  constructor(facts) { Object.assign(this, facts); }

  /** All sessions of now end, but for `kept`: call `end.certain(now)` when that is answered. */
  allEndSent(now, kept) {
    const end = { kept, sent: now, answered: Infinity, certainFrom: Infinity };
    end.certain = (answered, from = answered) => {
      Object.assign(end, { answered, certainFrom: from });
      for (const session of this.sessions) session.sufferAgain(end);
    };
    this.ends.push(end);
    for (const session of this.sessions) session.sufferAgain(end);
    return end;
  }

  /** A change was answered. */
  changed({ version, status }, relayed, now) {
    this.#statusOf.set(version, status);
    if (relayed) this.#relayed.rise(now, version);
  }

  /** What an answer by this node to a request that is sent now must at least know. */
  floor(node, now) {
    const seen = this.#seen[node] ??= new Rising();
    return { node, relayed: this.#relayed.asOf(now - this.staleMs), seen: seen.asOf(now - this.staleMs) };
  }

  /** What is wrong with facts that a node has told: a short name, or nothing. */
  judge(user, floor, answered) {
    this.#seen[floor.node].rise(answered, user.version);
    if (user.id !== this.id) return 'somebody else';
    if (user.version < floor.relayed) return 'older than what was relayed';
    if (user.version < floor.seen) return 'older than this node had told';
    const status = this.#statusOf.get(user.version);
    return status && status !== user.status ? 'a status of another version' : undefined;
  }
}

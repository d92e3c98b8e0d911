// The console's list of people: what is asked for, what is heard meanwhile, and how both are drawn. It is asked for once
// news is heard, so that nothing falls between the two, and follows what is heard by itself; a question once things are
// quiet puts right what cannot be known from news alone (totals, who moves up from the next page). It does not poll, and
// asks nothing where nobody looks: a page that asks by itself would keep an unattended session from ever becoming idle.

import { listenToKeys } from './console-keys.js';
import { figure } from './console-moves.js';
import { PeopleList } from './console-people-list.js';
import { PeoplePage, pageSize } from './console-people.js';
import { Picked } from './console-picked.js';
import { Selection } from './console-selection.js';
import { announce, byId, describe } from './page.js';
import { Problem } from './stagedoor-client.js';

const typingPauseMs = 250;
const settleMs = 2_000;   // news comes in bursts: at most one question in so long

const nobody = { pending: 'Nobody is waiting at the door.', active: 'Nobody is on the list yet.', rejected: 'Nobody was declined.',
                 suspended: 'Nobody is suspended.', all: 'Nobody has registered yet.' };

export class PeopleView {
  #page;
  #on;
  #model = new PeoplePage();
  #selection = new Selection();
  #picked;
  #list;
  #trail = [];          // where the pages before this one begin
  #asked = null;
  #due = null;
  #drawing = false;
  #turned = false;      // the focus goes to the first row of the page that comes
  #fallen = 0;
  #typing = null;

  /**
   * @param {SessionPage} page
   * @param {object} on - `go(changes, {replace, trail})` to another address, `open(person)`, `hrefOf(person)`,
   *   `decide(person, action, reason)` → promise, `decideMany(people, action)` → promise of the ids of those it was done to, `undo()`
   */
  constructor(page, on) {
    this.#page = page;
    this.#on = on;
    this.#list = new PeopleList(byId('people'), {
      decide: (person, action) => this.#decide(person, action),
      pick: (person, selected, extend) => this.#pick(person, selected, extend),
      open: on.open,
      hrefOf: on.hrefOf,
    });
    this.#picked = new Picked(page, this.#selection, { changed: () => this.#draw(), decide: (people, action) => this.#decideMany(people, action), leave: () => this.focus() });
    this.#listenToForm();
    listenToKeys(byId('list'), {
      idOf: (element) => this.#list.idOf(element),
      movedAt: () => this.#list.movedAt,
      move: (id, step) => this.#list.move(id, step),
      focus: (id) => this.#list.rowOf(id).focus(),
      pick: (id, extend) => this.#pick(this.#list.personOf(id), extend || !this.#selection.has(id), extend),
      open: (id) => on.open(this.#list.personOf(id)),
      write: (id) => this.#list.write(id),
      undo: on.undo,
      decide: (id, action) => this.#list.canDecide(id, action) && this.#decide(this.#list.personOf(id), action),
    });
  }

  /** Shows what the address says. */
  apply({ status, q, before }, trail = []) {
    const filter = byId('filter');
    filter.elements.status.value = status;
    if (document.activeElement !== filter.elements.q) filter.elements.q.value = q;
    const { question } = this.#model;
    this.#trail = trail;
    if (this.#asked && question.status === status && question.q === q && question.before === before) return this.#draw();
    if (question.status !== status || question.q !== q) this.#picked.clear();
    this.#model.turn({ status, q, before });
    this.#draw();
    return this.load();
  }

  /** Asks for the page that is shown; a later question overtakes an earlier. */
  async load() {
    clearTimeout(this.#due);
    this.#due = null;
    const asked = this.#model.ask();
    this.#asked = asked;
    byId('list').setAttribute('aria-busy', 'true');
    try {
      const answer = await this.#walk(asked);
      if (answer && this.#model.answer(asked, answer)) this.#draw();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 403) await this.#page.check();  // no longer an admin: go where the session belongs
      else announce(describe(problem));
    } finally {
      if (asked === this.#asked) byId('list').removeAttribute('aria-busy');
    }
  }

  /** Asks before long, if somebody looks; on return it asks anyway. */
  loadSoon() {
    if (document.visibilityState !== 'visible') return;
    if (byId('people-view').hidden) this.#asked = null;
    else this.#due ??= setTimeout(() => { this.#due = null; this.catchUp(); }, settleMs);
  }

  /** There may be more to know than was heard: asks, or on return if nobody looks at the list. */
  catchUp() {
    if (byId('people-view').hidden) this.#asked = null;
    else this.load();
  }

  /** Takes in what somebody is now; answers what that means for the list, as PeoplePage. */
  hear(user, previousStatus, { own = false } = {}) {
    const outcome = this.#model.hear(user, previousStatus);
    if (this.#selection.hear(user, this.#model.question) && !own) this.#fallen += 1;
    if (outcome !== null) {
      this.#draw();
      this.loadSoon();
    }
    return outcome;
  }

  find(id) {
    return this.#model.find(id);
  }

  /** Puts the focus into the list: on somebody's row, or the current one. */
  focus(id = null) {
    const row = id && this.#list.rowOf(id);
    if (row) row.focus();
    else this.#list.move(null, 0);
  }

  // A search answers after a bounded walk, so its pages may be short: it goes on until this one is full, or all is seen.
  async #walk(asked) {
    const { status, q, before } = asked.question;
    const items = [];
    await this.#page.hearing;
    for (let cursor = before; ;) {
      const ask = { status: status === 'all' ? '' : status, q, cursor, limit: pageSize - items.length };
      const answer = await this.#page.patiently(async () => (asked === this.#asked ? this.#page.api.stageManagers(ask) : null));
      if (asked !== this.#asked) return null;
      items.push(...answer.items);
      cursor = answer.nextCursor;
      if (cursor === null || items.length >= pageSize) return { ...answer, items };
    }
  }

  async #decide(person, action) {
    if (this.#list.isBusy(person.id)) return;
    const reason = this.#list.reasonOf(person.id);
    this.#list.busy(person.id, true);
    await this.#on.decide(person, action, reason);
    this.#list.busy(person.id, false);
  }

  // Whom it was done to is not meant any more; the others stay selected.
  async #decideMany(people, action) {
    for (const id of await this.#on.decideMany(people, action)) this.#selection.drop(id);
    this.#draw();
  }

  #pick(person, selected, extend) {
    if (extend) this.#selection.extend(person, this.#model.shown, selected);
    else this.#selection.set(person, selected);
    this.#draw();
  }

  #listenToForm() {
    const filter = byId('filter');
    const ask = (replace) => {
      clearTimeout(this.#typing);
      this.#on.go({ status: filter.elements.status.value, q: filter.elements.q.value.trim(), before: '' }, { replace });
    };
    filter.addEventListener('submit', (event) => {
      event.preventDefault();
      ask(true);
    });
    filter.addEventListener('input', ({ target }) => {
      if (target.name !== 'q') return ask(false);
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => ask(true), typingPauseMs);
    });
    filter.elements.q.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.focus();
    });
    byId('pick-page').addEventListener('change', ({ target }) => {
      for (const person of this.#model.shown) this.#selection.set(person, target.checked);
      this.#draw();
    });
    byId('pick-all').addEventListener('click', () => this.#picked.collect(this.#model.question));
    byId('older').addEventListener('click', () => this.#turn(this.#model.nextCursor, [...this.#trail, this.#model.question.before]));
    byId('newer').addEventListener('click', () => this.#turn(this.#trail.at(-1) ?? '', this.#trail.slice(0, -1)));
  }

  #turn(before, trail) {
    this.#turned = true;
    this.#on.go({ before }, { trail });
  }

  // Once a frame, however much is heard. Where nobody looks nothing is painted, and frames do not come.
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = () => {
      this.#drawing = false;
      this.#drawNow();
    };
    if (document.visibilityState === 'visible') requestAnimationFrame(draw);
    else setTimeout(draw);
  }

  #drawNow() {
    const { shown, question, totals, answered, nextCursor } = this.#model;
    this.#list.show(shown, { isPicked: (id) => this.#selection.has(id), withStatus: question.status === 'all' });
    const all = totals && Object.values(totals).reduce((sum, count) => sum + count, 0);
    for (const [status, count] of Object.entries({ ...totals, all })) {
      if (totals) byId(`total-${status}`).textContent = figure(count);
    }
    byId('empty').hidden = !answered || shown.length > 0;
    // All of them have left, and who moves up is asked for.
    const goesOn = nextCursor !== null && (question.q !== '' || totals?.[question.status] !== 0);
    byId('empty').textContent = goesOn ? 'Looking who comes next…' : question.q ? 'Nobody matches your search.' : nobody[question.status];
    byId('list-head').hidden = shown.length === 0;
    byId('pages').hidden = !question.before && (nextCursor === null || shown.length === 0);
    byId('page-number').textContent = question.before && this.#trail.length === 0 ? 'A later page' : `Page ${this.#trail.length + 1}`;
    byId('newer').disabled = !question.before;
    byId('older').disabled = nextCursor === null;
    this.#picked.draw({ shown, matching: question.q || !totals ? null : totals[question.status] ?? all });
    if (this.#fallen > 0) {
      announce(`Somebody else has decided about ${this.#fallen === 1 ? 'one' : this.#fallen} of those you had selected.`);
      this.#fallen = 0;
    }
    if (this.#turned && answered) {
      this.#turned = false;
      this.#list.focusAt(0);
      byId('filter').scrollIntoView({ block: 'start' });
    }
  }
}

// The dialog of a decision about many: first the question and the reason, then how far it is, then what came of it.
// While it runs it cannot be sent away, only stopped; the page asks before it is left.

import { author, figure, moves, people as countOf } from './console-moves.js';
import { byId, describe, momentOf, say } from './page.js';
import { Problem } from './stagedoor-client.js';

const namesShown = 3;
const othersShown = 200;

const outcomeWords = {
  done: (action) => moves[action].done,
  already: (action) => `${moves[action].done} before`,
  conflict: () => 'left alone: changed meanwhile',
  not_found: () => 'not there any more',
  failed: () => 'not decided: the service could not',
  unknown: () => 'perhaps decided: stopped before the answer',
  not_begun: () => 'not decided: stopped before',
};

export class BulkDialog {
  #dialog = byId('bulk');
  #page;
  #running = null;
  #after;
  #answer = () => {};

  /** @param page - the SessionPage; @param after - called once the dialog has closed, to put the focus somewhere */
  constructor(page, after) {
    this.#page = page;
    this.#after = after;
    byId('bulk-ask').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer(byId('bulk-reason').value.trim());
    });
    byId('bulk-cancel').addEventListener('click', () => this.#cancel());
    byId('bulk-stop').addEventListener('click', () => this.#stop());
    byId('bulk-close').addEventListener('click', () => this.#answer(null));
    byId('bulk-again').addEventListener('click', () => this.#answer('again'));
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      if (this.#running) byId('bulk-stop').focus();
      else this.#cancel();
    });
    // What the page says of the network would stand behind the dialog.
    new MutationObserver(() => say(byId('bulk-trouble'), this.#running ? byId('trouble').textContent : ''))
      .observe(byId('trouble'), { childList: true, characterData: true, subtree: true });
    addEventListener('beforeunload', (event) => { if (this.#running && !page.leaving) event.preventDefault(); });
  }

  /** Asks whether `action` shall be done; resolves to the reason, which may be empty, or to null. */
  async ask(people, action) {
    const { label } = moves[action];
    byId('bulk-title').textContent = `${label} ${countOf(people.length)}?`;
    const names = people.slice(0, namesShown).map(({ displayName }) => displayName).join(', ');
    const others = people.length - namesShown;
    byId('bulk-whom').textContent = others > 0 ? `${names} and ${figure(others)} more.` : `${names}.`;
    byId('bulk-go').textContent = `${label} ${figure(people.length)}`;
    byId('bulk-go').className = moves[action].style;
    byId('bulk-reason').value = '';
    this.#show('bulk-ask');
    byId('bulk-reason').focus();
    const reason = await this.#choice();
    if (reason === null) this.#close();
    return reason;
  }

  /** Runs and shows it; resolves, when it has been read, to `{told, problem, again}`: whom to begin again with, or null. */
  async follow(run, action, me) {
    this.#running = run;
    byId('bulk-title').textContent = `${moves[action].label} ${countOf(run.total)}`;
    byId('bulk-stop').textContent = 'Stop';
    byId('bulk-stop').removeAttribute('aria-busy');
    say(byId('bulk-trouble'), '');
    this.#progress(run);
    this.#show('bulk-run');
    byId('bulk-stop').focus();
    let problem = null;
    try {
      await run.run(() => this.#progress(run));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem = error;
    } finally {
      this.#running = null;
    }
    const told = run.tell();
    const rest = [...told.failed, ...told.unknown, ...told.not_begun].map(({ person }) => person);
    this.#tell(told, action, { problem, rest: rest.length, me });
    const again = await this.#choice() === 'again' ? rest : null;
    if (!again) this.#close();
    return { told, problem, again };
  }

  #choice() {
    return new Promise((resolve) => { this.#answer = resolve; });
  }

  #cancel() {
    this.#answer(null);
  }

  #stop() {
    byId('bulk-stop').textContent = 'Stopping';
    byId('bulk-stop').setAttribute('aria-busy', 'true');
    this.#running.stop();
    this.#page.hurry();
  }

  #show(part) {
    for (const id of ['bulk-ask', 'bulk-run', 'bulk-told']) byId(id).hidden = id !== part;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #close() {
    this.#dialog.close();
    say(byId('bulk-say'), '');
    this.#after();
  }

  // Said aloud at each quarter; seen at each slice.
  #progress(run) {
    const { decided, total } = run;
    byId('bulk-progress').max = total;
    byId('bulk-progress').value = decided;
    byId('bulk-count').textContent = `${figure(decided)} of ${figure(total)}`;
    const quarter = Math.floor(4 * decided / total) / 4;
    if (decided < total) say(byId('bulk-say'), quarter === 0 ? '' : `${quarter * 100} percent`);
  }

  #tell(told, action, { problem, rest, me }) {
    const lines = Object.entries(outcomeWords).filter(([outcome]) => told[outcome].length > 0)
      .map(([outcome, words]) => ({ outcome, text: `${figure(told[outcome].length)} ${words(action)}` }));
    if (problem) lines.push({ outcome: 'failed', text: describe(problem) });
    byId('bulk-outcomes').replaceChildren(...lines.map(({ outcome, text }) => line(text, outcome)));
    const others = [...told.conflict, ...told.already];
    const first = others.slice(0, othersShown).map((one) => otherWords(one, me));
    if (others.length > othersShown) first.push(`and ${figure(others.length - othersShown)} more.`);
    byId('bulk-others').replaceChildren(...first.map((text) => line(text)));
    byId('bulk-others').hidden = first.length === 0;
    byId('bulk-again').hidden = rest === 0;
    byId('bulk-again').textContent = `Go on with the other ${figure(rest)}`;
    byId('bulk-title').textContent = rest > 0 ? 'Not finished' : 'Finished';
    this.#show('bulk-told');
    say(byId('bulk-say'), lines.map(({ text }) => text).join('. '));
    byId('bulk-close').focus();
  }
}

function line(text, outcome = '') {
  const item = document.createElement('li');
  item.textContent = text;
  if (outcome) item.dataset.outcome = outcome;
  return item;
}

// Who did what when, before this decision could.
function otherWords({ person, did, by, at, userStatus }, me) {
  if (!did || !at) return `${person.displayName}: ${userStatus ?? 'changed'}.`;
  return `${author(by, me)} ${did === 'updated' ? 'changed' : did} ${person.displayName} ${momentOf(new Date(at))}.`;
}

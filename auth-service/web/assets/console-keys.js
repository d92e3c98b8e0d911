// The keys of the list of people. They act while the focus is in the list and not where somebody types, so that they
// take nothing from a browser, a screen reader or a text (WCAG 2.1.4).

import { moves } from './console-moves.js';
import { byId } from './page.js';

const help = [
  ['↑ ↓', 'the person above, below'],
  ['Home End', 'the first, the last of the page'],
  ['Enter', 'show the person'],
  ['X', 'select, or not'],
  ['Shift ↑ ↓', 'select a run of people'],
  ...Object.values(moves).map(({ key, label }) => [key.toUpperCase(), label.toLowerCase()]),
  ['E', 'type a reason'],
  ['Esc', 'from the reason back to the person'],
  ['U', 'take the last decision back'],
  ['/', 'search'],
  ['?', 'these keys'],
];

// A decision in the moment after the focus has moved by itself would be about somebody nobody has read.
const settlesMs = 300;

const types = (target) => target.matches('input:not([type=checkbox], [type=radio]), textarea, select');

/**
 * @param {HTMLElement} area - where the keys act
 * @param {object} on - `move(id, step)` with a step of ±1 or ±Infinity, `pick(id, extend)`, `open(id)`,
 *   `decide(id, action)`, `write(id)`, `undo()`, `idOf(element)`, and `movedAt()`, when the focus last moved by itself
 */
export function listenToKeys(area, on) {
  const steps = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, Home: -Infinity, End: Infinity };
  const actionOf = new Map(Object.entries(moves).map(([action, { key }]) => [key, action]));

  function press(event) {
    const { key, target, repeat, shiftKey } = event;
    const id = on.idOf(target);
    if (key === 'Escape' && types(target) && id) return on.focus(id);
    if (types(target) || event.altKey || event.ctrlKey || event.metaKey) return false;
    if (key === '?') return showHelp();
    if (key === '/') return byId('q').focus();
    if (id === null) return key in steps ? on.move(null, steps[key] === Infinity ? Infinity : 0) : false;
    if (shiftKey && (key === 'ArrowDown' || key === 'ArrowUp')) {
      on.pick(id, true);
      on.move(id, steps[key]);
      return on.pick(on.idOf(document.activeElement), true);
    }
    if (key in steps) return on.move(id, steps[key]);
    if (key === 'Enter' && target.matches('.person')) return on.open(id);
    if (key === 'x' || (key === ' ' && target.matches('.person'))) return on.pick(id, false);
    if (repeat) return false;
    if (key === 'e') return on.write(id);
    if (key === 'u') return on.undo();
    if (!actionOf.has(key)) return false;
    return performance.now() - on.movedAt() < settlesMs ? true : on.decide(id, actionOf.get(key));
  }

  area.addEventListener('keydown', (event) => {
    if (press(event) !== false) event.preventDefault();
  });
  byId('keys-help').addEventListener('click', showHelp);
}

function showHelp() {
  byId('keys-list').replaceChildren(...help.map(([keys, text]) => {
    const line = document.createElement('div');
    const [term, meaning] = [document.createElement('dt'), document.createElement('dd')];
    for (const key of keys.split(' ')) term.append(Object.assign(document.createElement('kbd'), { textContent: key }), ' ');
    meaning.textContent = text;
    line.append(term, meaning);
    return line;
  }));
  byId('keys').showModal();
}

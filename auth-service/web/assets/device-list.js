// A list of devices that somebody is signed in on, for the account page and the console. Rows are kept by id, so that a
// reload does not take the focus away.

import { dayAndTime, element } from './page.js';

export class DeviceList {
  #list;
  #heading;
  #end;
  #rows = new Map();

  /**
   * @param {HTMLElement} list
   * @param {object} options - `heading` of a row: the level below that of the list; `end(session)` → promise of whether
   *   it has left the list
   */
  constructor(list, { heading, end }) {
    this.#list = list;
    this.#heading = heading;
    this.#end = end;
  }

  /** Shows exactly `sessions`, in this order. */
  show(sessions) {
    const ids = new Set(sessions.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    sessions.forEach((session, index) => {
      const row = this.#row(session);
      if (this.#list.children[index] !== row) this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
  }

  #row(session) {
    const row = this.#rows.get(session.id) ?? this.#draw(session);
    this.#rows.set(session.id, row);
    const seen = row.querySelector('time');
    seen.textContent = session.current ? 'now' : timeOf(session.lastSeenAt);
    seen.dateTime = session.lastSeenAt ?? '';
    return row;
  }

  #draw(session) {
    const name = element('span', { id: `device-${session.id}` }, session.device);
    const badge = session.current && element('span', { className: 'badge' }, 'This device');
    const since = element('time', { dateTime: session.createdAt }, dayAndTime(new Date(session.createdAt)));
    const row = element('li', { className: 'device', tabIndex: -1 },
                        element('div', { className: 'device-facts' },
                                element(this.#heading, {}, name, ' ', badge),
                                element('p', {}, 'Last seen ', element('time')),
                                element('p', {}, 'Signed in ', since, ` from ${session.address || 'an unknown address'}`)));
    if (session.current) return row;
    const button = element('button', { type: 'button', className: 'quiet' }, 'Sign out');
    button.setAttribute('aria-describedby', name.id);
    button.addEventListener('click', () => this.#press(row, session));
    row.append(button);
    return row;
  }

  async #press(row, session) {
    if (row.getAttribute('aria-busy') === 'true') return;
    row.setAttribute('aria-busy', 'true');
    const index = [...this.#list.children].indexOf(row);
    const left = await this.#end(session);
    row.removeAttribute('aria-busy');
    // To the row, not to its button: a second press of Enter must not sign out a device that nobody has read.
    if (left && !row.isConnected) (this.#list.children[index] ?? this.#list.lastElementChild ?? this.#list).focus();
  }
}

function timeOf(text) {
  return text === null ? 'at a time that is not known at the moment' : dayAndTime(new Date(text));
}

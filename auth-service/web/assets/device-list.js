// The account page's list of devices. Rows are kept by id, so that a reload does not take the focus away.

import { dayAndTime } from './page.js';

export class DeviceList {
  #list;
  #end;
  #rows = new Map();

  /** @param end - `(session)` → promise of whether it has left the list */
  constructor(list, end) {
    this.#list = list;
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
    const seen = row.querySelector('[data-part=seen]');
    seen.textContent = session.current ? 'now' : this.#timeOf(session.lastSeenAt);
    seen.dateTime = session.lastSeenAt ?? '';
    return row;
  }

  #timeOf(text) {
    return text === null ? 'at a time that is not known at the moment' : dayAndTime(new Date(text));
  }

  #draw(session) {
    const row = document.getElementById('device').content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    part('name').textContent = session.device;
    part('name').id = `device-${session.id}`;
    part('since').textContent = dayAndTime(new Date(session.createdAt));
    part('since').dateTime = session.createdAt;
    part('address').textContent = session.address || 'an unknown address';
    if (session.current) {
      part('end').remove();
    } else {
      part('current').remove();
      part('end').setAttribute('aria-describedby', part('name').id);
      part('end').addEventListener('click', () => this.#press(row, session));
    }
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

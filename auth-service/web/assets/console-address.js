// What the console shows, as the address says it: a reload, the back button and a link sent to a colleague lead to the
// same. Pure.

export const views = Object.freeze(['people', 'audit', 'tokens']);
export const filters = Object.freeze(['pending', 'active', 'rejected', 'suspended', 'all']);

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const oneOf = (list, value) => (list.includes(value) ? value : list[0]);
const idOf = (value) => (idPattern.test(value ?? '') ? value : '');

/** `{view, status, q, before, person}` of a query string. What it does not know becomes the default. */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  return {
    view: oneOf(views, given.get('view')),
    status: oneOf(filters, given.get('status')),
    q: (given.get('q') ?? '').slice(0, 100),
    before: idOf(given.get('before')),
    person: idOf(given.get('person')),
  };
}

/** The query string of it, with `?`, defaults left out. */
export function writeAddress({ view = 'people', status = 'pending', q = '', before = '', person = '' }) {
  const members = { view, status, q: q.trim(), before, person };
  const defaults = { view: views[0], status: filters[0] };
  const told = Object.entries(members).filter(([name, value]) => value && value !== defaults[name]);
  return told.length > 0 ? `?${new URLSearchParams(told)}` : '';
}

// What every page needs: elements, plain words for problems, and notices that survive a navigation.

export const byId = (id) => document.getElementById(id);

/** An element with such properties and, in it, texts and elements; what is false of them is left out. */
export function element(tag, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside.filter(Boolean));
  return made;
}

/** Sets the text of a live region; the same text again stays silent. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const messageMs = 10_000;

/** Says something above the page, in #message, for a while. */
export function announce(text) {
  say(byId('message'), text);
  setTimeout(() => { if (byId('message').textContent === text) say(byId('message'), ''); }, messageMs);
}

/** "in 12 seconds", "in 3 minutes". */
export function soon(seconds) {
  if (seconds < 90) return `in ${seconds} second${seconds === 1 ? '' : 's'}`;
  return `in ${Math.ceil(seconds / 60)} minutes`;
}

/** A problem in plain words, one or two sentences. */
export function describe(problem) {
  const again = problem.retryAfter ? `Please try again ${soon(problem.retryAfter)}.` : 'Please try again in a moment.';
  if (problem.status === 429) return `That was too often. ${again}`;
  if (problem.status === 0) return 'The service can’t be reached. Please check your connection.';
  if (problem.status >= 500) return `The service can’t be reached at the moment. ${again}`;
  return problem.detail || problem.title;
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const dateAndSecond = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const clockTime = (date = new Date()) => time.format(date);
export const dayAndTime = (date) => dateAndTime.format(date);
/** To the second, for what has an order. */
export const exactly = (date) => dateAndSecond.format(date);

/** "at 20:14:05" of today, "on 25 Nov 2026, 20:14" of another day. */
export function momentOf(date) {
  return date.toDateString() === new Date().toDateString() ? `at ${time.format(date)}` : `on ${dateAndTime.format(date)}`;
}

/**
 * Small texts for the next page of this tab, which takes them once: `notice` (a key of that page's own sentences) and
 * `email`; `return`, the address that was left when a session was found to be over; and `declined`, the reason last heard. Browsers without storage lose a courtesy, nothing else.
 */
export const luggage = {
  put(name, value) {
    try {
      sessionStorage.setItem(`stagedoor.${name}`, value);
    } catch { /* no storage, no courtesy */ }
  },
  peek(name) {
    try {
      return sessionStorage.getItem(`stagedoor.${name}`);
    } catch {
      return null;
    }
  },
  take(name) {
    const value = luggage.peek(name);
    if (value !== null) sessionStorage.removeItem(`stagedoor.${name}`);
    return value;
  },
};

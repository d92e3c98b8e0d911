// Forms that speak JSON: one submission at a time, messages beside the fields they are about, and the focus where the
// person has to go on. A field `name` has its message in `#<id>-error`; the form has one with [data-message].

import { describe } from './page.js';

function setError(field, message) {
  field.setAttribute('aria-invalid', String(message !== ''));
  document.getElementById(`${field.id}-error`).textContent = message;
}

// The service says what a field has to be; with its name in front that is a sentence.
function sentence(name, message) {
  return /^[a-z]/.test(message) ? `${name} ${message}.` : message;
}

function fieldsOf(form) {
  return [...form.elements].filter((element) => element.name);
}

function valuesOf(form) {
  return Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value]));
}

/** Shows what is wrong: beside the fields it names, the rest above the button. */
export function showProblem(form, problem) {
  const unplaced = [];
  for (const { field: name, message } of problem.errors) {
    const field = fieldsOf(form).find((one) => one.name === name);
    if (field) setError(field, sentence(field.labels[0].textContent.trim(), message));
    else unplaced.push(sentence(name, message));
  }
  const placed = problem.errors.length > unplaced.length;
  form.querySelector('[data-message]').textContent = unplaced.join(' ') || (placed ? '' : describe(problem));
  fieldsOf(form).find((field) => field.getAttribute('aria-invalid') === 'true')?.focus();
}

function clearProblems(form) {
  fieldsOf(form).forEach((field) => setError(field, ''));
  form.querySelector('[data-message]').textContent = '';
}

function missing(form) {
  return fieldsOf(form)
    .filter((field) => field.required && field.value.trim() === '')
    .map((field) => ({ field: field.name, message: field.dataset.missing }));
}

/**
 * At each submission calls `send(values)`; a Problem it rejects with is shown. `place(problem)` may give a problem
 * without fields a field first, by returning `[{field, message}]`.
 */
export function onSubmit(form, send, place = () => []) {
  let busy = false;
  const button = form.querySelector('[type=submit]');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    clearProblems(form);
    const errors = missing(form);
    if (errors.length > 0) {
      showProblem(form, { errors });
      return;
    }
    busy = true;
    button.setAttribute('aria-busy', 'true');
    try {
      await send(valuesOf(form));
    } catch (problem) {
      if (!Array.isArray(problem.errors)) throw problem;
      if (problem.errors.length === 0) problem.errors = place(problem);
      showProblem(form, problem);
    } finally {
      busy = false;
      button.removeAttribute('aria-busy');
    }
  });
}

/** Lets a checkbox show what is typed into a password field. */
export function revealWith(checkbox, field) {
  checkbox.addEventListener('change', () => { field.type = checkbox.checked ? 'text' : 'password'; });
}

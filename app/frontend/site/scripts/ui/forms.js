/** What every form here does: check, send once, show what is wrong where it is wrong. */

import { byId, holdFor, isHeld, say, silence, whileBusy } from "./dom.js";
import { explain } from "./messages.js";

const always = () => true;

/**
 * @param {HTMLFormElement} form
 * @param {object} options
 * @param {string} options.task what the person is doing, for `explain`
 * @param {(values: object) => Map<string, string>} [options.check] the mistakes, by field
 * @param {(values: object) => Promise<any>} options.send
 * @param {(result: any, values: object) => Promise<string|void>|string|void} options.done runs while
 *   the form is still busy; what it returns is said in the form's status
 * @param {() => () => boolean} [options.presence] tells later whether the same person is still there
 */
export function startForm(form, { task, check, send, done, presence = () => always }) {
  const button = form.querySelector("[type=submit]");
  form.addEventListener("input", (event) => setFieldError(form, event.target, ""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isHeld(button)) return;
    clearErrors(form);
    const values = valuesOf(form);
    const mistakes = check?.(values) ?? new Map();
    if (mistakes.size > 0) {
      showFieldErrors(form, mistakes);
      return;
    }
    const here = presence();
    let wait = null;
    await whileBusy(button, async () => {
      try {
        const result = await send(values);
        if (here()) say(regionOf(form, "status"), await done(result, values));
      } catch (error) {
        if (!here()) return;
        const { text, fields, waitSeconds } = explain(error, task);
        say(regionOf(form, "alert"), text);
        showFieldErrors(form, fields);
        wait = waitSeconds;
      }
    });
    if (wait) holdFor(button, wait);
  });
}

/** A click that asks the server: like a form without fields. `place` holds its messages. */
export async function act(button, { place, task, work, done, presence = () => always }) {
  if (isHeld(button)) return;
  silence(...["alert", "status"].map((kind) => regionOf(place, kind)).filter(Boolean));
  const here = presence();
  let wait = null;
  await whileBusy(button, async () => {
    try {
      const result = await work();
      if (here()) say(regionOf(place, "status"), await done(result));
    } catch (error) {
      if (!here()) return;
      const { text, waitSeconds } = explain(error, task);
      say(regionOf(place, "alert"), text);
      wait = waitSeconds;
    }
  });
  if (wait) holdFor(button, wait);
}

/** Nothing typed by one person may wait in the page for the next. */
export function emptyForm(form) {
  form.reset();
  clearErrors(form);
  for (const button of form.querySelectorAll(".reveal")) setReveal(button, false);
}

/** Gives each password field its "show" button. */
export function startReveals() {
  for (const place of document.querySelectorAll(".password")) {
    const button = byId("reveal-template").content.cloneNode(true).firstElementChild;
    button.setAttribute("aria-controls", place.querySelector("input").id);
    button.addEventListener("click", () => {
      setReveal(button, button.getAttribute("aria-pressed") !== "true");
    });
    place.append(button);
  }
}

export function clearErrors(form) {
  silence(...["alert", "status", "notice"].map((kind) => regionOf(form, kind)).filter(Boolean));
  for (const input of form.querySelectorAll("input[name]")) setFieldError(form, input, "");
}

/** The form's own region, or else that of the card around it. */
function regionOf(place, kind) {
  return place.querySelector(`[data-${kind}]`)
    ?? place.closest("section, dialog")?.querySelector(`[data-${kind}]`) ?? null;
}

/** Spaces around an email or a name are slips; in a password they are meant. */
function valuesOf(form) {
  return Object.fromEntries(
    Array.from(new FormData(form), ([name, value]) =>
      [name, name.endsWith("password") ? value : value.trim()]),
  );
}

function showFieldErrors(form, messages) {
  let first = null;
  for (const input of form.querySelectorAll("input[name]")) {
    const message = messages.get(input.name);
    if (!message) continue;
    setFieldError(form, input, message);
    first ??= input;
  }
  first?.focus();
}

function setFieldError(form, input, message) {
  const place = form.querySelector(`[data-error-for="${input.name}"]`);
  if (!place) return;
  place.textContent = message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function setReveal(button, shown) {
  button.setAttribute("aria-pressed", String(shown));
  byId(button.getAttribute("aria-controls")).type = shown ? "text" : "password";
}

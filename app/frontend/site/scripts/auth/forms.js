/**
 * Which form of a signed-out person shows. The address names those that one may come to directly;
 * the others follow from what has been done and are shown by name.
 */

import { emptyForm } from "../ui/forms.js";
import { byId, say } from "../ui/dom.js";

const BY_ADDRESS = {
  "#sign-up": "sign-up-form",
  "#forgot-password": "forgot-form",
  "#sign-in-failed": "sign-in-form",
};

/** `form`: its id, else the one of the address. `notice`: a quiet sentence above the sign-in form. */
export function showForm({ form = null, notice = "", focus = true } = {}) {
  const shown = byId(form ?? BY_ADDRESS[location.hash] ?? "sign-in-form");
  for (const other of byId("view-auth").querySelectorAll(".form")) other.hidden = other !== shown;
  document.title = `${shown.dataset.title} – AppInstance`;
  const signIn = byId("sign-in-form");
  say(signIn.querySelector("[data-notice]"), notice);
  if (location.hash === "#sign-in-failed") {
    history.replaceState(null, "", location.pathname);
    say(signIn.querySelector("[data-alert]"), "Signing in that way did not work. Please try again.");
  }
  if (focus) shown.querySelector("h1").focus();
}

/** A form that no address names: the one before it is left in the history. */
export function showStep(form, options = {}) {
  if (location.hash) history.replaceState(null, "", location.pathname);
  showForm({ form, ...options });
}

export function showMailSent(text) {
  byId("mail-sent-text").textContent = text;
  showStep("mail-sent");
}

/** Nothing typed by one person may wait in the page for the next. */
export function clearForms() {
  for (const form of byId("view-auth").querySelectorAll("form")) emptyForm(form);
}

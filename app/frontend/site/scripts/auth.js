/** The two forms of a signed-out person. Which one shows follows the address: #sign-in, #sign-up. */

import { signIn, signUp } from "./api.js";
import { byId, holdFor, isHeld, say, silence, whileBusy } from "./dom.js";
import { NAME_MAX_LENGTH, PASSWORD_MIN_LENGTH } from "./limits.js";
import { explain } from "./messages.js";

const EMAIL_SHAPE = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** @param {(user: object) => Promise<void>} onSignedIn resolves once the account shows */
export function startAuth(onSignedIn) {
  byId("sign-up-password-hint").textContent =
    `At least ${PASSWORD_MIN_LENGTH} characters. A few words in a row work well.`;
  byId("sign-up-name").maxLength = NAME_MAX_LENGTH;
  startForm(byId("sign-in-form"), "sign-in", signIn, onSignedIn);
  startForm(byId("sign-up-form"), "sign-up", signUp, onSignedIn);
  for (const button of document.querySelectorAll(".reveal")) startReveal(button);
}

/** Shows the form that the address names. `notice`: a quiet sentence above the sign-in form. */
export function showAuth({ notice = "", focus = true } = {}) {
  const signingUp = location.hash === "#sign-up";
  const shown = byId(signingUp ? "sign-up-form" : "sign-in-form");
  byId("sign-up-form").hidden = !signingUp;
  byId("sign-in-form").hidden = signingUp;
  document.title = signingUp ? "Create your account – AppInstance" : "Sign in – AppInstance";
  say(byId("sign-in-form").querySelector("[data-notice]"), notice);
  if (focus) shown.querySelector("h1").focus();
}

/** Nothing typed by one person may wait in the page for the next. */
export function clearAuth() {
  for (const form of [byId("sign-in-form"), byId("sign-up-form")]) {
    form.reset();
    clearErrors(form);
    for (const reveal of form.querySelectorAll(".reveal")) setReveal(reveal, false);
  }
}

function startForm(form, task, request, onSignedIn) {
  const button = form.querySelector("[type=submit]");
  button.dataset.busyLabel = task === "sign-in" ? "Signing in…" : "Creating account…";

  form.addEventListener("input", (event) => setFieldError(form, event.target, ""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isHeld(button)) return;
    clearErrors(form);
    const values = Object.fromEntries(new FormData(form));
    const mistakes = mistakesIn(values, task);
    if (mistakes.size > 0) {
      showFieldErrors(form, mistakes);
      return;
    }
    let wait = null;
    whileBusy(button, async () => {
      try {
        // Busy until the account shows, which may wait for a picture: no idle form in between.
        await onSignedIn(await request(trimmed(values)));
        clearAuth();
      } catch (error) {
        const { text, fields, waitSeconds } = explain(error, task);
        say(form.querySelector("[data-alert]"), text);
        showFieldErrors(form, fields);
        wait = waitSeconds;
      }
    }).then(() => { if (wait) holdFor(button, wait); });
  });
}

/** Spaces around an email or a name are slips; in a password they are meant. */
function trimmed(values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, name === "password" ? value : value.trim()]),
  );
}

function mistakesIn(values, task) {
  const mistakes = new Map();
  if (task === "sign-up" && !values.display_name.trim()) {
    mistakes.set("display_name", "Enter your name.");
  }
  if (!values.email.trim()) mistakes.set("email", "Enter your email.");
  else if (!EMAIL_SHAPE.test(values.email.trim())) {
    mistakes.set("email", "Enter a full email address, like name@example.com.");
  }
  if (!values.password) mistakes.set("password", "Enter your password.");
  else if (task === "sign-up" && Array.from(values.password).length < PASSWORD_MIN_LENGTH) {
    mistakes.set("password", `Use at least ${PASSWORD_MIN_LENGTH} characters.`);
  }
  return mistakes;
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

function clearErrors(form) {
  silence(form.querySelector("[data-alert]"));
  const notice = form.querySelector("[data-notice]");
  if (notice) silence(notice);
  for (const input of form.querySelectorAll("input[name]")) setFieldError(form, input, "");
}

function setFieldError(form, input, message) {
  const place = form.querySelector(`[data-error-for="${input.name}"]`);
  if (!place) return;
  place.textContent = message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function startReveal(button) {
  button.addEventListener("click", () => {
    setReveal(button, button.getAttribute("aria-pressed") !== "true");
  });
}

function setReveal(button, shown) {
  button.setAttribute("aria-pressed", String(shown));
  byId(button.getAttribute("aria-controls")).type = shown ? "text" : "password";
}

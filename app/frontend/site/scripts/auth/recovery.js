/** A forgotten password, and what the links in mails lead to. */

import { askForPasswordReset, resetPassword, verifyEmail } from "../api/session.js";
import { emailMistake, mistakes, newPasswordMistake } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { startForm } from "../ui/forms.js";
import { explain } from "../ui/messages.js";
import { clearForms, showMailSent, showStep } from "./forms.js";

let resetToken = null;
let afterReset = () => {};

export function startRecovery() {
  startForm(byId("forgot-form"), {
    task: "forgot",
    check: ({ email }) => mistakes({ email: emailMistake(email) }),
    send: ({ email }) => askForPasswordReset(email),
    done: (_, { email }) => {
      clearForms();
      showMailSent(`If there is an account for ${email}, a mail with a link is on its way to it.`);
    },
  });
  startForm(byId("reset-form"), {
    task: "link",
    check: ({ password }) => mistakes({ password: newPasswordMistake(password) }),
    send: ({ password }) => resetPassword(resetToken, password),
    done: () => {
      resetToken = null;
      clearForms();
      return afterReset();
    },
  });
}

/** The form for a new password. `onReset` runs once it is set, which has ended every session. */
export function showReset(token, onReset) {
  resetToken = token;
  afterReset = onReset;
  showStep("reset-form");
}

/** Carries a link for an address out. What came of it, as a sentence: {text, good}. */
export async function verified(token) {
  try {
    await verifyEmail(token);
    return { text: "Your email is confirmed.", good: true };
  } catch (error) {
    return { text: explain(error, "link").text, good: false };
  }
}

/** The step after the password: a passkey or a recovery code. */

import { secondFactorCode, secondFactorOptions, secondFactorPasskey } from "../api/session.js";
import { canUsePasskeys, usePasskey } from "../api/webauthn.js";
import { missing, mistakes } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { act, startForm } from "../ui/forms.js";
import { clearForms, showStep } from "./forms.js";

// What proves that the password was right; the server lets it expire soon.
let ticket = null;

export function startSecondFactor(enter) {
  const form = byId("second-factor-form");
  const button = byId("second-factor-passkey");
  const passed = (user) => {
    ticket = null;
    return enter(user);
  };
  button.addEventListener("click", () => act(button, {
    place: form,
    task: "second-factor",
    work: async () =>
      secondFactorPasskey(ticket, await usePasskey(await secondFactorOptions(ticket))),
    done: passed,
  }));
  startForm(form, {
    task: "second-factor",
    check: ({ code }) => mistakes({ code: missing(code, "Enter one of your recovery codes.") }),
    send: ({ code }) => secondFactorCode(ticket, code),
    done: passed,
  });
}

export function askForSecondFactor(asked) {
  ticket = asked.ticket;
  const passkey = asked.methods.includes("passkey") && canUsePasskeys();
  const code = asked.methods.includes("recovery_code");
  byId("second-factor-passkey").hidden = !passkey;
  byId("recovery-code-part").hidden = !code;
  byId("second-factor-or").hidden = !(passkey && code);
  clearForms();
  showStep("second-factor-form");
}

/** Signing in and signing up, by every way that the server offers. */

import { passkeyOptions, signIn, signInMethods, signInWithPasskey, signUp } from "../api/session.js";
import { canUsePasskeys, usePasskey } from "../api/webauthn.js";
import { NAME_MAX_LENGTH, PASSWORD_MIN_LENGTH } from "../limits.js";
import { emailMistake, missing, mistakes, newPasswordMistake } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { act, startForm } from "../ui/forms.js";
import { clearForms, showMailSent } from "./forms.js";
import { startRecovery } from "./recovery.js";
import { askForSecondFactor, startSecondFactor } from "./second-factor.js";

/** @param {(user: object) => Promise<void>} onSignedIn resolves once the account shows */
export function startAuth(onSignedIn) {
  for (const hint of document.querySelectorAll("[data-password-hint]")) {
    hint.textContent =
      `At least ${PASSWORD_MIN_LENGTH} characters. A few words in a row work well.`;
  }
  for (const name of document.querySelectorAll("input[name=display_name]")) {
    name.maxLength = NAME_MAX_LENGTH;
  }
  const enter = async (user) => {
    await onSignedIn(user);
    clearForms();
  };
  startSignIn(enter);
  startSignUp(enter);
  startSecondFactor(enter);
  startRecovery();
  offerOtherWays();
}

function startSignIn(enter) {
  startForm(byId("sign-in-form"), {
    task: "sign-in",
    check: ({ email, password }) => mistakes({
      email: emailMistake(email), password: missing(password, "Enter your password."),
    }),
    send: signIn,
    done: ({ user, second_factor }) => (user ? enter(user) : askForSecondFactor(second_factor)),
  });
  const button = byId("passkey-sign-in");
  button.addEventListener("click", () => act(button, {
    place: byId("sign-in-form"),
    task: "passkey",
    work: async () => signInWithPasskey(await usePasskey(await passkeyOptions())),
    done: enter,
  }));
}

function startSignUp(enter) {
  startForm(byId("sign-up-form"), {
    task: "sign-up",
    check: ({ display_name, email, password }) => mistakes({
      display_name: missing(display_name, "Enter your name."),
      email: emailMistake(email),
      password: newPasswordMistake(password),
    }),
    send: signUp,
    done: (user, { email }) => {
      if (user) return enter(user);
      clearForms();
      showMailSent(`We have sent a mail to ${email}. Open the link in it to go on.`);
    },
  });
}

async function offerOtherWays() {
  const { passkeys, oidc, mail } = await signInMethods();
  byId("forgot").hidden = !mail;
  byId("passkey-sign-in").hidden = !(passkeys && canUsePasskeys());
  const provider = byId("oidc-sign-in");
  provider.hidden = !oidc;
  if (oidc) provider.textContent = `Continue with ${oidc.name}`;
  byId("other-ways").hidden = byId("passkey-sign-in").hidden && provider.hidden;
}

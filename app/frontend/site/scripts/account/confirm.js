/** "Is it you?": asked before what a thief at an open laptop would do first. */

import { CancelledError, isKind } from "../api/problems.js";
import { confirmByPasskey, confirmByPassword, confirmOptions } from "../api/session.js";
import { canUsePasskeys, usePasskey } from "../api/webauthn.js";
import { missing, mistakes } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { act, emptyForm, startForm } from "../ui/forms.js";
import { currentUser, presence } from "./presence.js";

let settle = () => {};

/** Does `work`; where the server wants to know first who is there, asks, and does it again. */
export async function confirmed(work) {
  try {
    return await work();
  } catch (error) {
    if (!isKind(error, "confirmation-required")) throw error;
  }
  if (!(await asked())) throw new CancelledError();
  return work();
}

export function startConfirm() {
  const dialog = byId("confirm-dialog");
  const form = byId("confirm-form");
  const passkey = byId("confirm-passkey");
  const pass = () => {
    settle(true);
    dialog.close();
  };
  dialog.addEventListener("close", () => {
    settle(false);
    emptyForm(form);
  });
  byId("confirm-cancel").addEventListener("click", () => dialog.close());
  startForm(form, {
    task: "confirm",
    presence,
    check: ({ password }) => mistakes({ password: missing(password, "Enter your password.") }),
    send: ({ password }) => confirmByPassword(password),
    done: pass,
  });
  passkey.addEventListener("click", () => act(passkey, {
    place: form,
    task: "confirm",
    presence,
    work: async () => confirmByPasskey(await usePasskey(await confirmOptions())),
    done: pass,
  }));
}

function asked() {
  const { has_password: password = true, passkeys = 0 } = currentUser();
  const passkey = passkeys > 0 && canUsePasskeys();
  byId("confirm-password-part").hidden = !password;
  byId("confirm-form").querySelector("[type=submit]").hidden = !password;
  byId("confirm-passkey").hidden = !passkey;
  byId("confirm-text").textContent = password || passkey
    ? "Confirm once more before this is changed."
    : "Please sign out and in again, and then try once more.";
  return new Promise((resolve) => {
    settle = resolve;
    byId("confirm-dialog").showModal();
  });
}

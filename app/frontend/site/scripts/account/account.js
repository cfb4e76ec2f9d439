/** The signed-in view: who one is, its sections, signing out. */

import { signOut } from "../api/session.js";
import { startPicture } from "../picture/picture.js";
import { showAvatar } from "../picture/avatar.js";
import { byId, say, silence, whileBusy } from "../ui/dom.js";
import { day, fillTime } from "../ui/dates.js";
import { emptyForm } from "../ui/forms.js";
import { explain } from "../ui/messages.js";
import { startActivity } from "./activity.js";
import { startCodes } from "./codes.js";
import { startConfirm } from "./confirm.js";
import { startDetails } from "./details.js";
import { startDialogs } from "./dialogs.js";
import { startPasskeys } from "./passkeys.js";
import { startPassword } from "./password.js";
import { whenUserChanges, whenUserLeaves } from "./presence.js";
import { startProvider } from "./provider.js";
import { startRemoval } from "./removal.js";
import { startSessions } from "./sessions.js";

/** @param {(notice: string) => Promise<void>} onLeft the session is over, here and on the server */
export function startAccount(onLeft) {
  whenUserChanges(showUser);
  whenUserLeaves(clear);
  startDialogs();
  startConfirm();
  startPicture();
  startDetails();
  startPassword();
  startPasskeys();
  startProvider();
  startCodes();
  startSessions();
  startActivity();
  startRemoval(onLeft);
  startSignOut(onLeft);
}

export function sayInAccount(text, { good = true } = {}) {
  say(byId(good ? "account-notice" : "account-alert"), text);
}

function showUser(user) {
  byId("account-name").textContent = user.display_name;
  byId("account-email").textContent = user.email;
  fillTime(byId("account-since"), user.created_at, day(user.created_at));
  showAvatar(user);
}

function clear() {
  const view = byId("view-account");
  for (const dialog of view.querySelectorAll("dialog[open]")) dialog.close();
  for (const form of view.querySelectorAll("form")) emptyForm(form);
  silence(
    ...view.querySelectorAll("[role=alert], [role=status]"),
    byId("account-name"), byId("account-email"), byId("account-since"),
  );
  byId("account-since").removeAttribute("title");
  showAvatar({ display_name: "", avatar_url: null });
}

function startSignOut(onLeft) {
  const button = byId("sign-out");
  button.addEventListener("click", () => {
    const alert = byId("account-alert");
    silence(alert, byId("account-notice"));
    whileBusy(button, async () => {
      try {
        await signOut();
        await onLeft("You are signed out.");
      } catch (error) {
        say(alert, `You are still signed in. ${explain(error, "sign-out").text}`);
      }
    });
  });
}

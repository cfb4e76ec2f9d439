/** The signed-in view: who one is, saving and removing the picture, signing out. */

import { deleteAvatar, putAvatar, signOut } from "./api.js";
import { showAvatar } from "./avatar.js";
import { byId, holdFor, isHeld, say, silence, whileBusy } from "./dom.js";
import { explain } from "./messages.js";
import { chosenPicture, resetPicker, startPicker } from "./picker.js";

let user = null;
// Which visit this is: one more whenever a person leaves. An answer to an earlier one is dropped.
let visit = 0;

/** @param {() => Promise<void>} onSignedOut */
export function startAccount(onSignedOut) {
  startPicker();
  byId("picture-form").addEventListener("submit", (event) => {
    event.preventDefault();
    savePicture();
  });
  byId("picture-cancel").addEventListener("click", () => {
    if (isHeld(byId("picture-save"))) return;
    silence(byId("picture-alert"));
    resetPicker({ focus: true });
  });
  startRemoval();
  startSignOut(onSignedOut);
}

/** Fills the view. Resolves once the picture shows, so that the view opens complete. */
export async function fillAccount(signedIn) {
  if (user && user.id !== signedIn.id) clearAccount();
  user = signedIn;
  byId("account-name").textContent = user.display_name;
  byId("account-email").textContent = user.email;
  const since = byId("account-since");
  since.dateTime = user.created_at;
  since.textContent = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(
    new Date(user.created_at),
  );
  describePicture();
  await showAvatar(user);
}

export function focusAccount() {
  byId("account-name").focus();
}

/** Nothing of one person may stay in the page for the next. */
export function clearAccount() {
  user = null;
  visit += 1;
  resetPicker();
  if (byId("remove-dialog").open) byId("remove-dialog").close();
  silence(
    byId("picture-alert"), byId("picture-status"), byId("account-alert"),
    byId("account-name"), byId("account-email"), byId("account-since"),
  );
  showAvatar({ display_name: "", avatar_url: null });
}

function describePicture() {
  const has = Boolean(user.avatar_url);
  byId("picture-remove").hidden = !has;
  byId("picture-lede").textContent = has
    ? "This is how others see you. You can change it at any time."
    : "Add a picture so that others recognise you.";
}

async function savePicture() {
  const button = byId("picture-save");
  const file = chosenPicture();
  if (!file || isHeld(button)) return;
  const alert = byId("picture-alert");
  silence(alert, byId("picture-status"));
  button.dataset.busyLabel = "Saving…";
  const asked = visit;
  let wait = null;
  await whileBusy(button, async () => {
    try {
      const saved = await putAvatar(file);
      if (asked !== visit) return;
      user = saved;
      await showAvatar(user);
      if (asked !== visit) return;
      describePicture();
      resetPicker({ focus: true });
      say(byId("picture-status"), "Your new picture is saved.");
    } catch (error) {
      if (asked !== visit) return;
      const { text, waitSeconds } = explain(error, "picture");
      say(alert, text);
      wait = waitSeconds;
    }
  });
  if (wait) holdFor(button, wait);
}

function startRemoval() {
  const dialog = byId("remove-dialog");
  const confirm = byId("remove-confirm");
  confirm.dataset.busyLabel = "Removing…";
  byId("picture-remove").addEventListener("click", () => dialog.showModal());
  byId("remove-cancel").addEventListener("click", () => dialog.close());
  confirm.addEventListener("click", () => {
    silence(byId("picture-alert"), byId("picture-status"));
    const asked = visit;
    whileBusy(confirm, async () => {
      try {
        await deleteAvatar();
        if (asked !== visit) return;
        user = { ...user, avatar_url: null };
        await showAvatar(user);
        dialog.close();
        describePicture();
        byId("picture-file").focus();
        say(byId("picture-status"), "Your picture is removed.");
      } catch (error) {
        if (asked !== visit) return;
        if (dialog.open) dialog.close();
        say(byId("picture-alert"), explain(error, "picture").text);
      }
    });
  });
}

function startSignOut(onSignedOut) {
  const button = byId("sign-out");
  button.dataset.busyLabel = "Signing out…";
  button.addEventListener("click", () => {
    const alert = byId("account-alert");
    silence(alert);
    whileBusy(button, async () => {
      try {
        await signOut();
        await onSignedOut();
      } catch (error) {
        say(alert, `You are still signed in. ${explain(error, "sign-out").text}`);
      }
    });
  });
}

/** What happened with the account lately, as sentences. */

import { activity } from "../api/users.js";
import { byId } from "../ui/dom.js";
import { fillTime, sinceOrMoment } from "../ui/dates.js";
import { whenUserLeaves } from "./presence.js";
import { fillList, row } from "./rows.js";
import { whenSectionShows } from "./sections.js";

const SENTENCES = {
  "account-created": "Account created",
  "signed-in": "Signed in",
  "sign-in-failed": "Sign-in failed",
  "signed-out": "Signed out",
  "password-changed": "Password changed",
  "password-reset": "Password reset by mail",
  "email-verified": "Email confirmed",
  "email-changed": "Email changed",
  "profile-changed": "Name changed",
  "picture-changed": "Picture changed",
  "picture-removed": "Picture removed",
  "session-ended": "Signed out another device",
  "passkey-added": "Passkey added",
  "passkey-removed": "Passkey removed",
  "second-factor-on": "Second step switched on",
  "second-factor-off": "Second step switched off",
  "recovery-code-used": "Recovery code used",
  "recovery-codes-made": "Recovery codes made",
  "provider-linked": "Another way to sign in linked",
};
const WARNINGS = new Set(["sign-in-failed", "recovery-code-used", "second-factor-off"]);

export function startActivity() {
  whenSectionShows("activity", async () => {
    const shown = await fillList(byId("activity"), activity, rowOf);
    if (shown) byId("activity-empty").hidden = shown.length > 0;
  });
  whenUserLeaves(() => byId("activity").replaceChildren());
}

function rowOf(event) {
  const at = document.createElement("time");
  fillTime(at, event.at, sinceOrMoment(event.at));
  const element = row({
    icon: "dot",
    // A kind that this page does not know yet is told as the server names it.
    title: SENTENCES[event.kind] ?? event.kind.replaceAll("-", " "),
    more: [at, event.device, event.place],
  });
  element.dataset.kind = event.kind;
  element.toggleAttribute("data-warning", WARNINGS.has(event.kind));
  return element;
}

/** The provider: linked to the account, so that it signs in to this one. */

import { signInMethods } from "../api/session.js";
import { linkProvider } from "../api/users.js";
import { byId, say } from "../ui/dom.js";
import { act } from "../ui/forms.js";
import { confirmed } from "./confirm.js";
import { presence } from "./presence.js";
import { showSection, whenSectionShows } from "./sections.js";

export function startProvider() {
  whenSectionShows("security", offer);
  const button = byId("provider-link");
  button.addEventListener("click", () => act(button, {
    place: byId("provider-card"),
    task: "provider-link",
    presence,
    work: () => confirmed(linkProvider),
    done: (url) => location.assign(url),
  }));
}

/** Says what came of the way to the provider and back. */
export function showLinking(linked) {
  history.replaceState(null, "", "#security");
  showSection();
  if (linked) {
    say(byId("provider-card").querySelector("[data-status]"),
      "Linked. From now on it signs you in to this account.");
  } else {
    say(byId("provider-card").querySelector("[data-alert]"),
      "This did not work. It may be linked to an account already; nothing has changed.");
  }
}

async function offer() {
  const here = presence();
  const { oidc } = await signInMethods();
  if (!here()) return;
  byId("provider-card").hidden = !oidc;
  if (!oidc) return;
  byId("provider-text").textContent = `Sign in to this account with ${oidc.name}, too.`;
  byId("provider-link").querySelector(".button-label").textContent = `Link ${oidc.name}`;
}

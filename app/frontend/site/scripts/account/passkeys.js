/** Passkeys: added, renamed, removed; and whether one is asked for after the password. */

import { signInMethods } from "../api/session.js";
import {
  addPasskey, me, newPasskeyOptions, passkeys, removePasskey, renamePasskey, setSecondFactor,
} from "../api/users.js";
import { canUsePasskeys, makePasskey } from "../api/webauthn.js";
import { missing, mistakes } from "../ui/checks.js";
import { day, labelledTime, sinceOrMoment } from "../ui/dates.js";
import { byId } from "../ui/dom.js";
import { act, startForm } from "../ui/forms.js";
import { showCodes } from "./codes.js";
import { confirmed } from "./confirm.js";
import { askToRemove } from "./dialogs.js";
import { currentUser, presence, setUser, whenUserChanges, whenUserLeaves } from "./presence.js";
import { fillList, row, rowButton } from "./rows.js";
import { whenSectionShows } from "./sections.js";

const named = ({ name }) => mistakes({ name: missing(name, "Give the passkey a name.") });
let renamed = null;

export function startPasskeys() {
  whenSectionShows("security", refresh);
  whenUserLeaves(() => byId("passkeys").replaceChildren());
  whenUserChanges(showSecondFactor);
  startForm(byId("passkey-form"), {
    task: "passkey-add",
    presence,
    check: named,
    send: async ({ name }) => {
      const asked = await confirmed(newPasskeyOptions);
      return addPasskey(name, await makePasskey(asked));
    },
    done: async ({ recovery_codes }) => {
      byId("passkey-form").reset();
      await refreshAll();
      if (recovery_codes) showCodes(recovery_codes);
      return "Your passkey is added.";
    },
  });
  byId("passkey-form").hidden = !canUsePasskeys();
  startRename();
  startSecondFactor();
}

function startRename() {
  const dialog = byId("rename-dialog");
  byId("rename-cancel").addEventListener("click", () => dialog.close());
  startForm(byId("rename-form"), {
    task: "passkey-rename",
    presence,
    check: named,
    send: ({ name }) => renamePasskey(renamed.id, name),
    done: async () => {
      dialog.close();
      await refresh();
    },
  });
}

function startSecondFactor() {
  const toggle = byId("second-factor");
  toggle.addEventListener("click", () => act(toggle, {
    place: byId("second-factor-card"),
    task: "second-factor-switch",
    presence,
    work: () => confirmed(() => setSecondFactor(!currentUser().second_factor)),
    done: (user) => {
      setUser(user);
      return user.second_factor ? "The second step is on." : "The second step is off.";
    },
  }));
}

function showSecondFactor({ passkeys: count = 0, second_factor: on = false }) {
  const toggle = byId("second-factor");
  toggle.setAttribute("aria-checked", String(on));
  if (count > 0 || on) toggle.removeAttribute("aria-disabled");
  else toggle.setAttribute("aria-disabled", "true");
  byId("second-factor-needs").hidden = count > 0;
  byId("codes-make").hidden = count === 0;
}

async function refresh() {
  const here = presence();
  const offered = (await signInMethods()).passkeys;
  if (!here()) return;
  byId("passkeys-card").hidden = !offered;
  byId("second-factor-card").hidden = !offered;
  if (!offered) return;
  const shown = await fillList(byId("passkeys"), passkeys, rowOf);
  if (shown) byId("passkeys-empty").hidden = shown.length > 0;
}

/** The list, and what the account says of it (how many, whether the second step is still on). */
async function refreshAll() {
  const here = presence();
  const [user] = await Promise.all([me(), refresh()]);
  if (here()) setUser(user);
}

function rowOf(passkey) {
  const { last_used_at: last } = passkey;
  const made = labelledTime("Added:", passkey.created_at, day(passkey.created_at));
  const used = last ? labelledTime("Last used:", last, sinceOrMoment(last)) : "Not used yet";
  const rename = rowButton({
    text: "Rename",
    label: `Rename the passkey ${passkey.name}`,
    onClick: () => {
      renamed = passkey;
      byId("rename-name").value = passkey.name;
      byId("rename-dialog").showModal();
      byId("rename-name").select();
    },
  });
  const remove = rowButton({
    text: "Remove",
    label: `Remove the passkey ${passkey.name}`,
    onClick: () => askToRemove({
      title: `Remove the passkey “${passkey.name}”?`,
      text: "It will not sign you in any more. Remove it from your device, too.",
      action: "Remove passkey",
      place: byId("passkeys-card"),
      task: "passkey-remove",
      work: () => confirmed(() => removePasskey(passkey.id)),
      done: async () => {
        await refreshAll();
        byId("passkeys-card-title").focus();
        return "The passkey is removed.";
      },
    }),
  });
  return row({ icon: "passkey", title: passkey.name, more: [made, used], buttons: [rename, remove] });
}

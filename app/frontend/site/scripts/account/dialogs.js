/** The dialog before something is taken away, and what all dialogs share. */

import { byId, isHeld } from "../ui/dom.js";
import { act } from "../ui/forms.js";
import { presence } from "./presence.js";

let wanted = null;

export function startDialogs() {
  const dialog = byId("remove-dialog");
  const confirm = byId("remove-confirm");
  byId("remove-cancel").addEventListener("click", () => dialog.close());
  // While it is under way it can't be called off: the answer would come to a closed dialog.
  dialog.addEventListener("cancel", (event) => { if (isHeld(confirm)) event.preventDefault(); });
  confirm.addEventListener("click", async () => {
    const { place, task, work, done } = wanted;
    await act(confirm, {
      place,
      task,
      presence,
      // Closed also when it fails: what went wrong is said where the thing is.
      work: () => work().finally(() => dialog.close()),
      done,
    });
  });
}

/**
 * Asks before something is removed.
 * @param {{title: string, text: string, action: string, place: Element, task: string,
 *   work: () => Promise<any>, done: (result: any) => any}} what
 */
export function askToRemove(what) {
  wanted = what;
  byId("remove-title").textContent = what.title;
  byId("remove-text").textContent = what.text;
  byId("remove-confirm").querySelector(".button-label").textContent = what.action;
  byId("remove-dialog").showModal();
}

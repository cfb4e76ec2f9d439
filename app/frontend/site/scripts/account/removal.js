/** Deleting the account. */

import { forgetSession } from "../api/client.js";
import { deleteAccount } from "../api/users.js";
import { byId } from "../ui/dom.js";
import { confirmed } from "./confirm.js";
import { askToRemove } from "./dialogs.js";

export function startRemoval(onLeft) {
  byId("account-delete").addEventListener("click", () => askToRemove({
    title: "Delete your account?",
    text: "Your account, your picture and all sessions go. This cannot be undone.",
    action: "Delete my account",
    place: byId("delete-card"),
    task: "delete",
    work: () => confirmed(deleteAccount),
    done: () => {
      forgetSession();
      return onLeft("Your account is deleted.");
    },
  }));
}

/** Saving and removing the picture. */

import {
  changeUser, presence, setUser, whenUserChanges, whenUserLeaves,
} from "../account/presence.js";
import { askToRemove } from "../account/dialogs.js";
import { deleteAvatar, putAvatar } from "../api/users.js";
import { byId } from "../ui/dom.js";
import { act } from "../ui/forms.js";
import { croppedFile } from "./crop.js";
import { chosenPictureType, resetPicker, startPicker } from "./picker.js";

export function startPicture() {
  const place = document.querySelector(".picture");
  const save = byId("picture-save");
  startPicker();
  whenUserChanges(describe);
  whenUserLeaves(resetPicker);
  byId("picture-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!chosenPictureType()) return;
    await act(save, {
      place,
      task: "picture",
      presence,
      work: sendChosen,
      done: (user) => {
        setUser(user);
        resetPicker({ focus: true });
        return "Your new picture is saved.";
      },
    });
  });
  byId("picture-cancel").addEventListener("click", () => {
    if (save.dataset.busy !== undefined) return;
    byId("picture-alert").textContent = "";
    resetPicker({ focus: true });
  });
  byId("picture-remove").addEventListener("click", () => askToRemove({
    title: "Remove your picture?",
    text: "Your initials will be shown instead. You can add a new picture at any time.",
    action: "Remove picture",
    place,
    task: "picture",
    work: deleteAvatar,
    done: () => {
      changeUser({ avatar_url: null });
      byId("picture-file").focus();
      return "Your picture is removed.";
    },
  }));
}

async function sendChosen() {
  const shown = byId("picture-progress");
  const bar = byId("picture-sent");
  const here = presence();
  bar.value = 0;
  const file = await croppedFile(chosenPictureType());
  shown.hidden = false;
  try {
    return await putAvatar(file, (share) => { if (here()) bar.value = share; });
  } finally {
    shown.hidden = true;
  }
}

function describe({ avatar_url }) {
  byId("picture-remove").hidden = !avatar_url;
  byId("picture-lede").textContent = avatar_url
    ? "You can change it at any time."
    : "Add a picture so that others recognise you.";
}

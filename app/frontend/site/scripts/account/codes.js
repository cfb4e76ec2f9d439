/** Recovery codes: shown once, to be copied or saved. They are in the page only while they show. */

import { makeRecoveryCodes } from "../api/users.js";
import { byId, say } from "../ui/dom.js";
import { act } from "../ui/forms.js";
import { confirmed } from "./confirm.js";
import { presence } from "./presence.js";

export function startCodes() {
  const dialog = byId("codes-dialog");
  const status = dialog.querySelector("[data-status]");
  dialog.addEventListener("close", () => byId("codes").replaceChildren());
  // Escape would lose them by a slip: they are shown only once.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  byId("codes-done").addEventListener("click", () => dialog.close());
  byId("codes-copy").hidden = !navigator.clipboard;
  byId("codes-copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shownCodes());
      say(status, "Copied.");
    } catch {
      say(status, "They could not be copied. Save them as a file, or write them down.");
    }
  });
  byId("codes-download").addEventListener("click", () => {
    download(`${location.host} recovery codes.txt`, `${shownCodes()}\n`);
    say(status, "Saved as a file.");
  });
  const make = byId("codes-make");
  make.addEventListener("click", () => act(make, {
    place: byId("second-factor-card"),
    task: "codes",
    presence,
    work: () => confirmed(makeRecoveryCodes),
    done: (codes) => {
      showCodes(codes);
      return "The earlier codes are no longer valid.";
    },
  }));
}

export function showCodes(codes) {
  byId("codes").replaceChildren(...codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  byId("codes-dialog").showModal();
}

function shownCodes() {
  return Array.from(byId("codes").children, (item) => item.textContent).join("\n");
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

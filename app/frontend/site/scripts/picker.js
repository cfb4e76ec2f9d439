/** Choosing a picture: by file dialog, drop or keyboard; checked and previewed before it is sent. */

import { byId, say, silence } from "./dom.js";
import { PICTURE_MAX_BYTES, PICTURE_TYPES, pictureTypeNames, readableSize } from "./limits.js";
import { pictureTooLarge, pictureUnreadable, pictureWrongType } from "./messages.js";

let chosenFile = null;
let previewUrl = null;

export function startPicker() {
  const zone = byId("dropzone");
  const input = byId("picture-file");
  input.accept = Object.keys(PICTURE_TYPES).join(",");
  byId("picture-rules").textContent =
    `${pictureTypeNames()}, up to ${readableSize(PICTURE_MAX_BYTES)}`;

  input.addEventListener("change", () => {
    const [file] = input.files;
    // Emptied, so that choosing the same file again is a change again.
    if (file) choose(file).finally(() => { input.value = ""; });
  });

  // Enter and leave fire for every child: a counter knows when the pointer has left the zone itself.
  let depth = 0;
  const mark = (over) => { zone.toggleAttribute("data-over", over); };
  zone.addEventListener("dragenter", () => { depth += 1; mark(true); });
  zone.addEventListener("dragleave", () => { depth -= 1; mark(depth > 0); });
  zone.addEventListener("drop", (event) => {
    depth = 0;
    mark(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file) choose(file);
  });

  // A file dropped beside the zone would make the browser leave the page for it.
  for (const type of ["dragover", "drop"]) {
    window.addEventListener(type, (event) => event.preventDefault());
  }
}

export function chosenPicture() {
  return chosenFile;
}

/** Back to the empty zone. `focus`: whether the zone takes the keyboard focus. */
export function resetPicker({ focus = false } = {}) {
  chosenFile = null;
  byId("chosen").hidden = true;
  byId("dropzone").hidden = false;
  byId("picture-preview").removeAttribute("src");
  if (previewUrl) URL.revokeObjectURL(previewUrl);
  previewUrl = null;
  if (focus) byId("picture-file").focus();
}

async function choose(file) {
  const alert = byId("picture-alert");
  silence(alert, byId("picture-status"));
  resetPicker();
  const refusal = refusalOf(file);
  if (refusal) {
    say(alert, refusal);
    return;
  }
  const url = URL.createObjectURL(file);
  const preview = byId("picture-preview");
  preview.src = url;
  try {
    await preview.decode();
  } catch {
    URL.revokeObjectURL(url);
    // Unless another choice has taken its place meanwhile.
    if (preview.getAttribute("src") === url) {
      preview.removeAttribute("src");
      say(alert, pictureUnreadable());
    }
    return;
  }
  previewUrl = url;
  chosenFile = file;
  byId("chosen-name").textContent = file.name;
  byId("chosen-size").textContent =
    `${PICTURE_TYPES[file.type]}, ${preview.naturalWidth}\u00a0×\u00a0${preview.naturalHeight}, ${readableSize(file.size)}`;
  byId("dropzone").hidden = true;
  byId("chosen").hidden = false;
  byId("picture-save").focus();
}

function refusalOf(file) {
  if (!(file.type in PICTURE_TYPES)) return pictureWrongType();
  if (file.size > PICTURE_MAX_BYTES) return pictureTooLarge();
  if (file.size === 0) return pictureUnreadable();
  return "";
}

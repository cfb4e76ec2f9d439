/** Choosing a picture: by file dialog, drop or keyboard; opened and shown before anything is sent. */

import { PICTURE_TYPES, SOURCE_MAX_BYTES, pictureTypeNames, readableSize } from "../limits.js";
import { byId, say, silence } from "../ui/dom.js";
import { closeCrop, openCrop, startCrop } from "./crop.js";
import { opened } from "./source.js";

let chosenType = null;
let turn = 0;

export function startPicker() {
  const zone = byId("dropzone");
  const input = byId("picture-file");
  input.accept = Object.keys(PICTURE_TYPES).join(",");
  byId("picture-rules").textContent =
    `${pictureTypeNames()}, up to ${readableSize(SOURCE_MAX_BYTES)}`;
  startCrop();

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

/** The kind in which the chosen picture is sent; null while there is none. */
export function chosenPictureType() {
  return chosenType;
}

/** Back to the empty zone. `focus`: whether the zone takes the keyboard focus. */
export function resetPicker({ focus = false } = {}) {
  turn += 1;
  chosenType = null;
  byId("chosen").hidden = true;
  byId("dropzone").hidden = false;
  byId("dropzone").removeAttribute("aria-busy");
  closeCrop();
  if (focus) byId("picture-file").focus();
}

async function choose(file) {
  const alert = byId("picture-alert");
  silence(alert, byId("picture-status"));
  resetPicker();
  const asked = turn;
  byId("dropzone").setAttribute("aria-busy", "true");
  const { bitmap, refusal } = await opened(file);
  // Another choice has taken its place meanwhile, or the person has left.
  if (asked !== turn) {
    bitmap?.close();
    return;
  }
  byId("dropzone").removeAttribute("aria-busy");
  if (refusal) {
    say(alert, refusal);
    return;
  }
  // A photo stays a JPEG. Others may be transparent; a browser that can't write WebP gives a PNG.
  chosenType = file.type === "image/jpeg" ? "image/jpeg" : "image/webp";
  byId("chosen-name").textContent = file.name;
  byId("chosen-size").textContent =
    `${PICTURE_TYPES[file.type]}, ${bitmap.width}\u00a0×\u00a0${bitmap.height}, ${readableSize(file.size)}`;
  byId("dropzone").hidden = true;
  byId("chosen").hidden = false;
  openCrop(bitmap);
  byId("picture-save").focus();
}

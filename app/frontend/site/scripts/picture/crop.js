/**
 * The square of a picture that is used: moved by dragging or with the arrow keys, zoomed with the
 * slider, two fingers, + and -. What is seen on the canvas is what is sent.
 */

import { PICTURE_MAX_BYTES, PICTURE_SIDE } from "../limits.js";
import { byId } from "../ui/dom.js";

const MAX_ZOOM = 4;
const KEY_STEP = 0.05;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const QUALITIES = [0.92, 0.8, 0.6];

let bitmap = null;
let zoom = 1;
let middle = { x: 0, y: 0 }; // in pixels of the picture
const pointers = new Map();

export function startCrop() {
  const stage = byId("picture-stage");
  byId("picture-zoom").addEventListener("input", ({ target }) => zoomTo(Number(target.value)));
  stage.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step) moveBy(step[0] * KEY_STEP * side(), step[1] * KEY_STEP * side());
    else if (event.key === "+" || event.key === "=") zoomTo(zoom + 0.1);
    else if (event.key === "-") zoomTo(zoom - 0.1);
    else return;
    event.preventDefault();
  });
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
  });
  stage.addEventListener("pointermove", follow);
  for (const type of ["pointerup", "pointercancel"]) {
    stage.addEventListener(type, ({ pointerId }) => pointers.delete(pointerId));
  }
}

export function openCrop(picture) {
  closeCrop();
  bitmap = picture;
  middle = { x: bitmap.width / 2, y: bitmap.height / 2 };
  zoomTo(1);
}

export function closeCrop() {
  bitmap?.close();
  bitmap = null;
  pointers.clear();
}

/** The square as a file, small enough for the server and never larger than the picture is itself. */
export async function croppedFile(type) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.max(1, Math.min(PICTURE_SIDE, Math.round(side())));
  draw(canvas);
  let blob = null;
  for (const quality of QUALITIES) {
    blob = await new Promise((resolve) => { canvas.toBlob(resolve, type, quality); });
    if (blob && blob.size <= PICTURE_MAX_BYTES) break;
  }
  if (!blob) throw new Error("The canvas gave no picture.");
  return new File([blob], "picture", { type: blob.type });
}

/** How many pixels of the picture the square is wide. */
function side() {
  return Math.min(bitmap.width, bitmap.height) / zoom;
}

function follow(event) {
  const before = pointers.get(event.pointerId);
  if (!before || !bitmap) return;
  const scale = side() / byId("picture-stage").clientWidth;
  if (pointers.size === 1) {
    moveBy((before.clientX - event.clientX) * scale, (before.clientY - event.clientY) * scale);
  } else {
    const [other] = [...pointers].find(([id]) => id !== event.pointerId).slice(1);
    zoomTo(zoom * (distance(event, other) / Math.max(1, distance(before, other))));
  }
  pointers.set(event.pointerId, event);
}

function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

function zoomTo(wanted) {
  zoom = Math.min(MAX_ZOOM, Math.max(1, wanted));
  byId("picture-zoom").value = String(zoom);
  moveBy(0, 0);
}

function moveBy(x, y) {
  const half = side() / 2;
  middle = {
    x: Math.min(bitmap.width - half, Math.max(half, middle.x + x)),
    y: Math.min(bitmap.height - half, Math.max(half, middle.y + y)),
  };
  draw(byId("picture-preview"));
}

function draw(canvas) {
  const context = canvas.getContext("2d");
  const part = side();
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    bitmap, middle.x - part / 2, middle.y - part / 2, part, part, 0, 0, canvas.width, canvas.height,
  );
}

/**
 * Small helpers over the document. Text always goes in as text: nothing here, and nothing else in
 * these scripts, parses a string as HTML, so the page's Trusted Types policy can forbid it.
 */

export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element with the id "${id}".`);
  return element;
}

const SPEAK_AFTER_MS = 40;
const pending = new WeakMap();

/**
 * A live region speaks only when its text changes: emptied first, so that the same sentence twice
 * in a row is heard twice.
 */
export function say(element, text) {
  if (!element) return;
  silence(element);
  if (!text) return;
  pending.set(element, setTimeout(() => { element.textContent = text; }, SPEAK_AFTER_MS));
}

export function silence(...elements) {
  for (const element of elements) {
    clearTimeout(pending.get(element));
    element.textContent = "";
  }
}

/**
 * Runs `work` once at a time for this button, and shows that it runs. A second click or Enter while
 * it runs is ignored. `aria-disabled` rather than `disabled`: the button keeps the keyboard focus.
 */
export async function whileBusy(button, work) {
  if (isHeld(button)) return;
  const label = button.querySelector(".button-label");
  const idle = label.textContent;
  button.setAttribute("aria-disabled", "true");
  button.dataset.busy = "";
  if (button.dataset.busyLabel) label.textContent = button.dataset.busyLabel;
  try {
    await work();
  } finally {
    delete button.dataset.busy;
    label.textContent = idle;
    if (!button.dataset.waiting) button.removeAttribute("aria-disabled");
  }
}

export function isHeld(button) {
  return button.getAttribute("aria-disabled") === "true";
}

/**
 * Holds a button for `seconds` and counts down in its label. The label is not a live region, so a
 * screen reader hears the wait once, in the message, and not every second.
 */
export function holdFor(button, seconds) {
  const label = button.querySelector(".button-label");
  const idle = label.textContent;
  const until = performance.now() + seconds * 1000;
  button.setAttribute("aria-disabled", "true");
  button.dataset.waiting = "true";
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left > 0) {
      label.textContent = `Try again in ${left} s`;
      return;
    }
    clearInterval(timer);
    delete button.dataset.waiting;
    button.removeAttribute("aria-disabled");
    label.textContent = idle;
  };
  const timer = setInterval(tick, 250);
  tick();
}

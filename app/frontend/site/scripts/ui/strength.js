/**
 * How hard a password is to guess, roughly: a hint while one types. What is refused is decided by the
 * server, which knows the common passwords.
 */

import { byId } from "./dom.js";
import { PASSWORD_MIN_LENGTH } from "../limits.js";

const WORDS = ["Too short", "Weak", "Fair", "Good", "Strong"];
// The bits from which on a password is fair, good, strong.
const STEPS = [50, 70, 95];
const KINDS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^A-Za-z0-9]/, 33]];

/** 0 to 4. `known`: what others know of the person, such as the name. */
export function strengthOf(password, known = []) {
  const letters = Array.from(password);
  if (letters.length < PASSWORD_MIN_LENGTH) return 0;
  let rest = password.toLowerCase();
  for (const word of known.flatMap((text) => text.toLowerCase().split(/[\s@._-]+/))) {
    if (word.length > 2) rest = rest.replaceAll(word, "");
  }
  const size = KINDS.reduce((sum, [kind, count]) => sum + (kind.test(password) ? count : 0), 0);
  const bits = unforeseen(Array.from(rest)) * Math.log2(size);
  return 1 + STEPS.filter((step) => bits >= step).length;
}

/** How many letters neither repeat nor continue what stands before them ("aaa", "abc", "321"). */
function unforeseen(letters) {
  const steps = letters.map((letter, index) => letter.codePointAt(0) - (letters[index - 1]?.codePointAt(0) ?? -9));
  const fresh = steps.filter((step, index) => !(Math.abs(step) <= 1 && (step === 0 || step === steps[index - 1])));
  // "xyxyxy": no more than three times what it is made of.
  return Math.min(fresh.length, new Set(letters).size * 3);
}

/** Shows the strength of what is typed into each new-password field. */
export function startStrength(knownOf) {
  for (const place of document.querySelectorAll("[data-strength-of]")) {
    const input = byId(place.dataset.strengthOf);
    const words = place.querySelector(".strength-words");
    const show = () => {
      const level = strengthOf(input.value, knownOf(input.form));
      place.hidden = !input.value;
      place.dataset.level = String(level);
      // A live region: changed only when there is something new to say.
      if (words.textContent !== WORDS[level]) words.textContent = WORDS[level];
    };
    input.addEventListener("input", show);
    input.form.addEventListener("reset", () => { place.hidden = true; });
  }
}

/** The parts of the signed-in view. The address says which one shows, so "back" and reload work. */

import { byId } from "../ui/dom.js";
import { currentUser } from "./presence.js";

const NAMES = ["profile", "security", "activity"];
const onShow = new Map();

/** Calls `listener` each time that the section comes to be seen. */
export function whenSectionShows(name, listener) {
  onShow.set(name, [...(onShow.get(name) ?? []), listener]);
}

export function isSection(hash) {
  return NAMES.includes(hash.slice(1));
}

export function showSection({ focus = true } = {}) {
  const name = isSection(location.hash) ? location.hash.slice(1) : "profile";
  for (const other of NAMES) {
    byId(`section-${other}`).hidden = other !== name;
    const link = document.querySelector(`.tabs [href="#${other}"]`);
    if (other === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = byId(`section-${name}`).querySelector("h1");
  document.title = `${name === "profile" ? currentUser().display_name : heading.textContent} – AppInstance`;
  window.scrollTo(0, 0);
  if (focus) heading.focus();
  for (const listener of onShow.get(name) ?? []) listener();
}

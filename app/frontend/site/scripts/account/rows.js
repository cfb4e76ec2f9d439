/** Lists of the account: passkeys, sessions, activity. Each row is made from one template. */

import { byId, say } from "../ui/dom.js";
import { explain } from "../ui/messages.js";
import { presence } from "./presence.js";

/**
 * Fills a list from the server, unless the person has left or a later call has overtaken this one.
 * @param {HTMLElement} list
 * @param {() => Promise<object[]>} load
 * @param {(item: object) => HTMLElement} rowOf
 * @returns {Promise<object[]|null>} what is shown
 */
export async function fillList(list, load, rowOf) {
  const here = presence();
  const turn = String(Number(list.dataset.turn ?? 0) + 1);
  list.dataset.turn = turn;
  list.setAttribute("aria-busy", "true");
  const current = () => here() && list.dataset.turn === turn;
  try {
    const items = await load();
    if (!current()) return null;
    list.replaceChildren(...items.map(rowOf));
    return items;
  } catch (error) {
    if (current()) {
      say(list.closest("section").querySelector("[data-alert]"), explain(error, "list").text);
    }
    return null;
  } finally {
    if (list.dataset.turn === turn) list.removeAttribute("aria-busy");
  }
}

/** One row. `more`: texts and elements, joined by a dot; empty ones are left out. */
export function row({ icon, title, tag = "", more = [], buttons = [] }) {
  const element = byId("row-template").content.cloneNode(true).firstElementChild;
  element.querySelector("use").setAttribute("href", `#icon-${icon}`);
  element.querySelector("[data-title]").textContent = title;
  element.querySelector("[data-tag]").textContent = tag;
  element.querySelector("[data-tag]").hidden = !tag;
  const place = element.querySelector("[data-more]");
  for (const [index, part] of more.filter(Boolean).entries()) {
    place.append(...(index ? [" · ", part] : [part]));
  }
  element.querySelector(".row-actions").append(...buttons);
  return element;
}

/** A small button of a row. `label` is read out whole, `text` is seen. */
export function rowButton({ text, label, busy = "", onClick }) {
  const button = byId("row-button-template").content.cloneNode(true).firstElementChild;
  button.querySelector(".button-label").textContent = text;
  button.setAttribute("aria-label", label);
  if (busy) button.dataset.busyLabel = busy;
  button.addEventListener("click", () => onClick(button));
  return button;
}

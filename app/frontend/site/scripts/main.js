/** Starts the page and decides which of its views shows. */

import { clearAccount, fillAccount, focusAccount, startAccount } from "./account.js";
import { forgetSession, restoreSession, whenSessionEnds } from "./api.js";
import { clearAuth, showAuth, startAuth } from "./auth.js";
import { byId, say, whileBusy } from "./dom.js";
import { explain } from "./messages.js";

const VIEWS = ["view-loading", "view-unreachable", "view-auth", "view-account"];

// What happens in one tab is told to the others; it carries no data, they ask the server themselves.
const otherTabs = new BroadcastChannel("appinstance-session");

// One change of view after the other, in the order they came: each may wait for the server or for a
// picture, and one that has waited longer must not undo what has happened since.
let lastChange = Promise.resolve();

function inTurn(change) {
  const done = lastChange.then(change);
  lastChange = done.catch(() => {});
  return done;
}

function show(view) {
  for (const id of VIEWS) byId(id).hidden = id !== view;
}

async function openAccount(user, { focus = true, tell = true } = {}) {
  await fillAccount(user);
  document.title = `${user.display_name} – AppInstance`;
  // The address forgets which form was used, and "back" does not lead to a form one is past.
  if (location.hash) history.replaceState(null, "", location.pathname);
  show("view-account");
  window.scrollTo(0, 0);
  if (focus) focusAccount();
  if (tell) otherTabs.postMessage("signed-in");
}

function openAuth({ notice = "", focus = true, tell = true } = {}) {
  clearAccount();
  show("view-auth");
  window.scrollTo(0, 0);
  showAuth({ notice, focus });
  if (tell) otherTabs.postMessage("signed-out");
}

/** Asks the server whose session this is. Until it has answered, neither form nor account shows. */
async function resume({ focus = false } = {}) {
  try {
    const user = await restoreSession();
    if (user) await openAccount(user, { focus, tell: false });
    else openAuth({ focus, tell: false });
  } catch (error) {
    show("view-unreachable");
    document.title = "Not available – AppInstance";
    say(byId("unreachable-message"), explain(error, "start").text);
    if (focus) byId("unreachable-title").focus();
  }
}

function leaveWithTheOthers() {
  if (byId("view-account").hidden) return;
  forgetSession();
  openAuth({ notice: "You signed out in another tab.", tell: false });
}

function followOtherTabs() {
  otherTabs.addEventListener("message", ({ data }) => {
    if (data === "signed-out") inTurn(leaveWithTheOthers);
    else if (data === "signed-in") inTurn(() => { clearAuth(); return resume(); });
  });
}

function followConnection() {
  const banner = byId("offline-banner");
  const update = () => { banner.hidden = navigator.onLine; };
  window.addEventListener("offline", update);
  window.addEventListener("online", update);
  update();
}

function start() {
  for (const place of document.querySelectorAll("[data-host]")) place.textContent = location.host;
  startAuth((user) => inTurn(() => openAccount(user)));
  startAccount(() => inTurn(() => openAuth({ notice: "You are signed out." })));
  whenSessionEnds(() => inTurn(() => {
    openAuth({ notice: "Your session has ended. Please sign in again.", tell: false });
  }));
  window.addEventListener("hashchange", () => {
    if (!byId("view-auth").hidden) showAuth();
  });
  const retry = byId("retry");
  retry.dataset.busyLabel = "Trying…";
  retry.addEventListener("click", () => whileBusy(retry, () => inTurn(() => resume({ focus: true }))));
  followConnection();
  followOtherTabs();
  inTurn(resume);
}

start();

/** Starts the page and decides which of its views shows. */

import { sayInAccount, startAccount } from "./account/account.js";
import { currentUser, leave, setUser } from "./account/presence.js";
import { showLinking } from "./account/provider.js";
import { isSection, showSection } from "./account/sections.js";
import { forgetSession, restoreSession, whenSessionEnds } from "./api/client.js";
import { me } from "./api/users.js";
import { startAuth } from "./auth/auth.js";
import { clearForms, showForm } from "./auth/forms.js";
import { showReset, verified } from "./auth/recovery.js";
import { askForSecondFactor } from "./auth/second-factor.js";
import { takeLink } from "./links.js";
import { byId, say, whileBusy } from "./ui/dom.js";
import { startReveals } from "./ui/forms.js";
import { explain } from "./ui/messages.js";
import { startStrength } from "./ui/strength.js";
import { startTheme } from "./ui/theme.js";

const VIEWS = ["view-loading", "view-unreachable", "view-auth", "view-account"];

// What happens in one tab is told to the others; it carries no data, they ask the server themselves.
const otherTabs = new BroadcastChannel("appinstance-session");

// One change of view after the other, in the order they came: each may wait for the server, and one
// that has waited longer must not undo what has happened since.
let lastChange = Promise.resolve();

function inTurn(change) {
  const done = lastChange.then(change);
  lastChange = done.catch(() => {});
  return done;
}

function show(view) {
  for (const id of VIEWS) byId(id).hidden = id !== view;
}

function openAccount(user, { focus = true, tell = true } = {}) {
  setUser(user);
  // The address forgets which form was used, and "back" does not lead to a form one is past.
  if (location.hash && !isSection(location.hash)) history.replaceState(null, "", location.pathname);
  show("view-account");
  showSection({ focus });
  if (tell) otherTabs.postMessage("signed-in");
}

function openAuth({ notice = "", focus = true, tell = true } = {}) {
  leave();
  if (isSection(location.hash)) history.replaceState(null, "", location.pathname);
  show("view-auth");
  window.scrollTo(0, 0);
  showForm({ notice, focus });
  if (tell) otherTabs.postMessage("signed-out");
}

/** Asks the server whose session this is. Until it has answered, neither form nor account shows. */
async function resume({ focus = false } = {}) {
  try {
    const user = await restoreSession();
    if (user) openAccount(user, { focus, tell: false });
    else openAuth({ focus, tell: false });
  } catch (error) {
    show("view-unreachable");
    document.title = "Not available – AppInstance";
    say(byId("unreachable-message"), explain(error, "start").text);
    if (focus) byId("unreachable-title").focus();
  }
}

/** Does what a link asks for, whoever is signed in here. */
async function follow({ kind, token }) {
  if (kind === "second-factor") {
    const [ticket, methods = ""] = token.split(".");
    show("view-auth");
    askForSecondFactor({ ticket, methods: methods.split(",") });
    return;
  }
  if (kind === "reset-password") {
    show("view-auth");
    showReset(token, () => inTurn(() => {
      forgetSession();
      openAuth({ notice: "Your new password is set. Sign in with it." });
    }));
    return;
  }
  if (kind === "provider") {
    await resume();
    if (currentUser()) showLinking(token === "linked");
    return;
  }
  const { text, good } = await verified(token);
  if (!currentUser()) await resume();
  if (!currentUser()) {
    const alert = byId("sign-in-form").querySelector("[data-alert]");
    showForm({ notice: good ? `${text} You can sign in now.` : "", focus: false });
    if (!good) say(alert, text);
    return;
  }
  if (good) setUser(await me());
  sayInAccount(text, { good });
}

function leaveWithTheOthers() {
  if (!currentUser()) return;
  forgetSession();
  openAuth({ notice: "You signed out in another tab.", tell: false });
}

function followOtherTabs() {
  otherTabs.addEventListener("message", ({ data }) => {
    if (data === "signed-out") inTurn(leaveWithTheOthers);
    else if (data === "signed-in") inTurn(() => { clearForms(); return resume(); });
  });
}

function followConnection() {
  const banner = byId("offline-banner");
  const update = () => { banner.hidden = navigator.onLine; };
  window.addEventListener("offline", update);
  window.addEventListener("online", update);
  update();
}

function followAddress() {
  window.addEventListener("hashchange", () => {
    const link = takeLink();
    if (link) inTurn(() => follow(link));
    else if (!byId("view-auth").hidden) showForm();
    else if (currentUser()) showSection();
  });
}

function start() {
  const link = takeLink();
  for (const place of document.querySelectorAll("[data-host]")) place.textContent = location.host;
  startTheme();
  startReveals();
  startStrength(knownAbout);
  startAuth((user) => inTurn(() => openAccount(user)));
  startAccount((notice) => inTurn(() => openAuth({ notice })));
  whenSessionEnds(() => inTurn(() => {
    openAuth({ notice: "Your session has ended. Please sign in again.", tell: false });
  }));
  const retry = byId("retry");
  retry.addEventListener("click", () => whileBusy(retry, () => inTurn(() => resume({ focus: true }))));
  followAddress();
  followConnection();
  followOtherTabs();
  inTurn(() => (link ? follow(link) : resume()));
}

/** What a guesser would try first: the name and the email of whose password it is to be. */
function knownAbout(form) {
  const typed = [form.elements.display_name?.value, form.elements.email?.value];
  const { display_name, email } = currentUser() ?? {};
  return [...typed, display_name, email].filter(Boolean);
}

start();

/** Where one is signed in, and ending it there. */

import { endOtherSessions, endSession, sessions } from "../api/users.js";
import { byId } from "../ui/dom.js";
import { fillTime, sinceOrMoment } from "../ui/dates.js";
import { act } from "../ui/forms.js";
import { presence, whenUserLeaves } from "./presence.js";
import { fillList, row, rowButton } from "./rows.js";
import { whenSectionShows } from "./sections.js";

export function startSessions() {
  const others = byId("sessions-end-others");
  whenSectionShows("activity", refresh);
  whenUserLeaves(() => {
    byId("sessions").replaceChildren();
    others.hidden = true;
  });
  others.addEventListener("click", () => act(others, {
    place: byId("sessions-card"),
    task: "sessions",
    presence,
    work: endOtherSessions,
    done: async () => {
      await refresh();
      byId("sessions-card-title").focus();
      return "You are signed out everywhere else.";
    },
  }));
}

async function refresh() {
  const shown = await fillList(byId("sessions"), sessions, rowOf);
  if (shown) byId("sessions-end-others").hidden = shown.length < 2;
}

function rowOf(session) {
  const used = document.createElement("time");
  fillTime(used, session.last_used_at, sinceOrMoment(session.last_used_at));
  const end = rowButton({
    text: "Sign out",
    label: `Sign out: ${session.device}`,
    busy: "Signing out…",
    onClick: (button) => act(button, {
      place: byId("sessions-card"),
      task: "sessions",
      presence,
      work: () => endSession(session.id),
      done: async () => {
        await refresh();
        byId("sessions-card-title").focus();
        return `Signed out: ${session.device}.`;
      },
    }),
  });
  return row({
    icon: "device",
    title: session.device,
    tag: session.current ? "This one" : "",
    more: [session.place, used],
    buttons: session.current ? [] : [end],
  });
}

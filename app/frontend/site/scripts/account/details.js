/** Name and email. */

import { signInMethods } from "../api/session.js";
import { changeEmail, changeName, sendVerification } from "../api/users.js";
import { emailMistake, missing, mistakes } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { act, startForm } from "../ui/forms.js";
import { confirmed } from "./confirm.js";
import { currentUser, presence, setUser, whenUserChanges, whenUserLeaves } from "./presence.js";

export function startDetails() {
  whenUserChanges(show);
  whenUserLeaves(() => { byId("email-now").textContent = ""; });
  startForm(byId("name-form"), {
    task: "name",
    presence,
    check: ({ display_name }) => mistakes({
      display_name: missing(display_name, "Enter your name."),
    }),
    send: ({ display_name }) => changeName(display_name),
    done: (user) => {
      setUser(user);
      return "Your name is saved.";
    },
  });
  startForm(byId("email-form"), {
    task: "email",
    presence,
    check: ({ email }) => mistakes({
      email: emailMistake(email)
        || (email === currentUser().email ? "This is your email already." : ""),
    }),
    send: ({ email }) => confirmed(() => changeEmail(email)),
    done: (_, { email }) => {
      byId("email-form").reset();
      return `Open the link that we have sent to ${email}.`;
    },
  });
  const verify = byId("email-verify");
  verify.addEventListener("click", () => act(verify, {
    place: byId("email-card"),
    task: "email",
    presence,
    work: sendVerification,
    done: () => "A link is on its way to you.",
  }));
}

async function show(user) {
  byId("name-field").value = user.display_name;
  byId("email-now").textContent = user.email;
  const here = presence();
  const { mail } = await signInMethods();
  if (!here()) return;
  // Without mail nothing can be confirmed: then nothing is said of it.
  byId("email-verified").hidden = !mail || user.email_verified !== true;
  byId("email-unverified").hidden = !mail || user.email_verified !== false;
  byId("email-verify").hidden = !mail || user.email_verified !== false;
  byId("email-form").hidden = !mail;
  byId("email-fixed").hidden = mail;
}

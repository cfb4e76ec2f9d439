/** Changing the password. */

import { changePassword } from "../api/users.js";
import { missing, mistakes, newPasswordMistake } from "../ui/checks.js";
import { byId } from "../ui/dom.js";
import { emptyForm, startForm } from "../ui/forms.js";
import { presence, whenUserChanges } from "./presence.js";

export function startPassword() {
  const form = byId("password-form");
  whenUserChanges(({ email, has_password: has = true }) => {
    form.elements.username.value = email;
    form.hidden = !has;
    byId("password-none").hidden = has;
  });
  startForm(form, {
    task: "password",
    presence,
    check: ({ current_password, new_password }) => mistakes({
      current_password: missing(current_password, "Enter your current password."),
      new_password: newPasswordMistake(new_password),
    }),
    send: ({ current_password, new_password }) => changePassword(current_password, new_password),
    done: (_, { username }) => {
      emptyForm(form);
      form.elements.username.value = username;
      return "Your password is changed. You are signed out everywhere else.";
    },
  });
}

/** Who is signed in on this page, and who has left. */

let user = null;
// Which visit this is: one more whenever a person leaves. An answer to an earlier one is dropped.
let visit = 0;
const onUser = [];
const onLeave = [];

export function currentUser() {
  return user;
}

/** The signed-in person has come or changed: every part of the page that shows them follows. */
export function setUser(next) {
  if (user && user.id !== next.id) leave();
  user = next;
  for (const listener of onUser) listener(user);
}

export function changeUser(changes) {
  setUser({ ...user, ...changes });
}

/** Nothing of one person may stay in the page for the next. */
export function leave() {
  user = null;
  visit += 1;
  for (const listener of onLeave) listener();
}

export function whenUserChanges(listener) {
  onUser.push(listener);
}

export function whenUserLeaves(listener) {
  onLeave.push(listener);
}

/** A question for later: whether the same person is still there. */
export function presence() {
  const asked = visit;
  return () => asked === visit && user !== null;
}

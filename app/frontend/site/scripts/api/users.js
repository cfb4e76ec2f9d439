/** The person's own account: what /users/me offers. Changes that answer with the person return it. */

import { authorised } from "./client.js";

const ME = "/users/me";

export async function me() {
  return (await authorised("GET", ME)).json();
}

export async function changeName(display_name) {
  return (await authorised("PATCH", ME, { json: { display_name } })).json();
}

export async function changeEmail(email) {
  await authorised("POST", `${ME}/email`, { json: { email } });
}

export async function sendVerification() {
  await authorised("POST", `${ME}/verification`);
}

export async function changePassword(current_password, new_password) {
  await authorised("PUT", `${ME}/password`, { json: { current_password, new_password } });
}

export async function deleteAccount() {
  await authorised("DELETE", ME);
}

export async function putAvatar(file, onProgress) {
  const form = new FormData();
  form.append("file", file);
  return (await authorised("PUT", `${ME}/avatar`, { form, onProgress })).json();
}

export async function deleteAvatar() {
  await authorised("DELETE", `${ME}/avatar`);
}

export async function sessions() {
  return (await authorised("GET", `${ME}/sessions`)).json();
}

export async function endSession(id) {
  await authorised("DELETE", `${ME}/sessions/${encodeURIComponent(id)}`);
}

export async function endOtherSessions() {
  await authorised("POST", `${ME}/sessions/end-others`);
}

export async function activity() {
  return (await authorised("GET", `${ME}/activity`)).json();
}

export async function passkeys() {
  return (await authorised("GET", `${ME}/passkeys`)).json();
}

export async function newPasskeyOptions() {
  return (await authorised("POST", `${ME}/passkeys/options`)).json();
}

/** @returns {Promise<{passkey: object, recovery_codes: string[]|null}>} */
export async function addPasskey(name, answer) {
  return (await authorised("POST", `${ME}/passkeys`, { json: { name, ...answer } })).json();
}

export async function renamePasskey(id, name) {
  await authorised("PATCH", `${ME}/passkeys/${encodeURIComponent(id)}`, { json: { name } });
}

export async function removePasskey(id) {
  await authorised("DELETE", `${ME}/passkeys/${encodeURIComponent(id)}`);
}

export async function setSecondFactor(enabled) {
  return (await authorised("PUT", `${ME}/second-factor`, { json: { enabled } })).json();
}

export async function makeRecoveryCodes() {
  return (await (await authorised("POST", `${ME}/recovery-codes`)).json()).codes;
}

/** @returns {Promise<string>} where the browser goes to link the provider */
export async function linkProvider() {
  return (await (await authorised("POST", `${ME}/oidc/link`)).json()).url;
}

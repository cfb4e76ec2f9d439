/** Everything that begins, confirms or ends a session. */

import { authorised, currentToken, forgetSession, openSession, send } from "./client.js";

const NOTHING_BUT_PASSWORDS = { password: true, passkeys: false, mail: false, oidc: null };

let methods = null;

/** How one can sign in here, asked once. A server that can't say now offers passwords only. */
export async function signInMethods() {
  methods ??= send("GET", "/auth/methods").then((response) => response.json());
  try {
    return await methods;
  } catch {
    methods = null;
    return NOTHING_BUT_PASSWORDS;
  }
}

/** A person, or null where a mail must be answered first. */
export async function signUp({ email, password, display_name }) {
  const response = await send("POST", "/auth/sign-up", { json: { email, password, display_name } });
  return response.status === 202 ? null : openSession(response);
}

/** @returns {Promise<{user?: object, second_factor?: {ticket: string, methods: string[]}}>} */
export async function signIn({ email, password }) {
  const response = await send("POST", "/auth/sign-in", { json: { email, password } });
  return response.status === 202 ? response.json() : { user: await openSession(response) };
}

export async function passkeyOptions() {
  return (await send("POST", "/auth/passkey/options")).json();
}

export async function signInWithPasskey(answer) {
  return openSession(await send("POST", "/auth/passkey", { json: answer }));
}

export async function secondFactorOptions(ticket) {
  return (await send("POST", "/auth/second-factor/passkey/options", { json: { ticket } })).json();
}

export async function secondFactorPasskey(ticket, answer) {
  return openSession(
    await send("POST", "/auth/second-factor/passkey", { json: { ticket, ...answer } }),
  );
}

export async function secondFactorCode(ticket, code) {
  return openSession(
    await send("POST", "/auth/second-factor/recovery-code", { json: { ticket, code } }),
  );
}

export async function verifyEmail(token) {
  await send("POST", "/auth/verify-email", { json: { token } });
}

export async function askForPasswordReset(email) {
  await send("POST", "/auth/password-reset", { json: { email } });
}

export async function resetPassword(token, password) {
  await send("POST", "/auth/password-reset/confirm", { json: { token, password } });
}

export async function confirmByPassword(password) {
  await authorised("POST", "/auth/confirm", { json: { password } });
}

export async function confirmOptions() {
  return (await authorised("POST", "/auth/confirm/passkey/options")).json();
}

export async function confirmByPasskey(answer) {
  await authorised("POST", "/auth/confirm/passkey", { json: answer });
}

/** Ends the session on the server, then here. While the server can't be told, the session stays. */
export async function signOut() {
  await send("POST", "/auth/sign-out", { token: currentToken() });
  forgetSession();
}

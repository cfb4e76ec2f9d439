/**
 * The only holder of the access token, which lives in this module's memory and nowhere else. What
 * outlives a reload is the HttpOnly refresh cookie, which no script can read.
 *
 * A refresh rotates that cookie, and the server takes a late use of the old one for theft. So there
 * is one refresh at a time: within this page by sharing the promise, across tabs by a lock.
 */

import { ProblemError, UnreachableError, problemOf } from "./problems.js";
import { upload } from "./upload.js";

export const ROOT = "/api/v1";
const TIMEOUT_MS = 20_000;
const TAB_LOCK = "appinstance-session";

let accessToken = null;
let owner = null; // the id of whose token it is
let refreshing = null;
let onSessionEnd = () => {};

/** Calls `listener` when a session that was open turns out to have ended on the server. */
export function whenSessionEnds(listener) {
  onSessionEnd = listener;
}

/** Keeps the token of a session that has begun; the person whose session it is. */
export async function openSession(response) {
  const { access_token, user } = await response.json();
  accessToken = access_token;
  owner = user.id;
  return user;
}

export function forgetSession() {
  accessToken = null;
  owner = null;
}

/** The user of the refresh cookie, or null without a live one. */
export async function restoreSession() {
  try {
    return await refresh();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** One request in the name of the person who is signed in; the token is renewed when it has expired. */
export async function authorised(method, path, options = {}) {
  if (!accessToken) await refreshOrEnd();
  const token = accessToken;
  const sender = owner;
  try {
    return await send(method, path, { ...options, token });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 401) throw error;
    // Unless another request has renewed it while this one was under way.
    if (accessToken === token) await refreshOrEnd();
    // What one person sent is not sent again in the name of the next.
    if (owner !== sender) throw error;
  }
  return send(method, path, { ...options, token: accessToken });
}

/** One request. `form`: sent with `onProgress`, called with the share that is sent (0 to 1). */
export async function send(method, path, { json, form, onProgress, token = null } = {}) {
  const headers = new Headers({ Accept: "application/json, application/problem+json" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (json) headers.set("Content-Type", "application/json");
  if (form) return upload(method, ROOT + path, { headers, form, onProgress });
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers,
      body: json && JSON.stringify(json),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new UnreachableError(error);
  }
  if (!response.ok) {
    throw problemOf(response.status, response.headers, await response.text().catch(() => ""));
  }
  return response;
}

/** Whoever is signed in here, so that what ends the session can name it. */
export function currentToken() {
  return accessToken;
}

async function refreshOrEnd() {
  try {
    await refresh();
  } catch (error) {
    if (isRefusal(error)) {
      forgetSession();
      onSessionEnd();
    }
    throw error;
  }
}

function refresh() {
  refreshing ??= oneTabAtATime(async () => openSession(await send("POST", "/auth/refresh")))
    .finally(() => { refreshing = null; });
  return refreshing;
}

function oneTabAtATime(work) {
  return navigator.locks ? navigator.locks.request(TAB_LOCK, work) : work();
}

function isRefusal(error) {
  return error instanceof ProblemError && (error.status === 401 || error.status === 403);
}

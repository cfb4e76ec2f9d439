/**
 * The one place that talks to the server and the only holder of the access token, which lives in
 * this module's memory and nowhere else. What outlives a reload is the HttpOnly refresh cookie,
 * which no script can read.
 *
 * A refresh rotates that cookie, and the server takes a second use of the old one for theft. So
 * there is one refresh at a time: within this page by sharing the promise, across tabs by a lock.
 */

const ROOT = "/api/v1";
const TIMEOUT_MS = 20_000;
const UPLOAD_TIMEOUT_MS = 90_000;
const TAB_LOCK = "appinstance-session";

let accessToken = null;
let owner = null; // the id of whose token it is
let refreshing = null;
let onSessionEnd = () => {};

/** The server answered, with an error. `fields`: [{field, message}]; `retryAfter`: seconds or null. */
export class ProblemError extends Error {
  constructor({ status, detail, fields, retryAfter, reference }) {
    super(detail || `The server answered ${status}.`);
    this.name = "ProblemError";
    this.status = status;
    this.detail = detail;
    this.fields = fields;
    this.retryAfter = retryAfter;
    this.reference = reference;
  }
}

/** No answer came: offline, the name does not resolve, or it took too long. */
export class UnreachableError extends Error {
  constructor(cause) {
    super("The server did not answer.", { cause });
    this.name = "UnreachableError";
  }
}

/** Calls `listener` when a session that was open turns out to have ended on the server. */
export function whenSessionEnds(listener) {
  onSessionEnd = listener;
}

export async function signUp({ email, password, display_name }) {
  return openSession(await send("POST", "/auth/sign-up", { json: { email, password, display_name } }));
}

export async function signIn({ email, password }) {
  return openSession(await send("POST", "/auth/sign-in", { json: { email, password } }));
}

/** Ends the session on the server, then here. While the server can't be told, the session stays. */
export async function signOut() {
  await send("POST", "/auth/sign-out", { token: accessToken });
  forgetSession();
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

export async function putAvatar(file) {
  const form = new FormData();
  form.append("file", file);
  return (await authorised("PUT", "/users/me/avatar", { form })).json();
}

export async function deleteAvatar() {
  await authorised("DELETE", "/users/me/avatar");
}

async function authorised(method, path, options = {}) {
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

async function openSession(response) {
  const { access_token, user } = await response.json();
  accessToken = access_token;
  owner = user.id;
  return user;
}

function isRefusal(error) {
  return error instanceof ProblemError && (error.status === 401 || error.status === 403);
}

async function send(method, path, { json, form, token } = {}) {
  const headers = new Headers({ Accept: "application/json, application/problem+json" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (json) headers.set("Content-Type", "application/json");
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers,
      body: json ? JSON.stringify(json) : form,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(form ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS),
    });
  } catch (error) {
    throw new UnreachableError(error);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let body = {};
  // A proxy in between may answer with HTML: then the status alone decides what is said.
  if (/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) {
    body = (await response.json().catch(() => null)) ?? {};
  }
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new ProblemError({
    status: response.status,
    detail: typeof body.detail === "string" ? body.detail : "",
    fields: Array.isArray(body.errors) ? body.errors : [],
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : null,
    reference: body.request_id ?? response.headers.get("X-Request-ID"),
  });
}

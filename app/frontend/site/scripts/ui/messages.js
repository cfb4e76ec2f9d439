/** From an error to the sentence a person reads. Pure: no document, no network. */

import { CancelledError, ProblemError, UnreachableError, isKind } from "../api/problems.js";
import { PasskeyError } from "../api/webauthn.js";
import {
  PICTURE_MAX_BYTES, SOURCE_MAX_BYTES, pictureTypeNames, readableSize,
} from "../limits.js";

const DEFAULT_WAIT_SECONDS = 30;
const LINK_INVALID = "This link is no longer valid. It may have been used, or be too old.";
const SESSION_ENDED = "Your session has ended. Please sign in again.";

// What a refusal by 401 means, by what the person was doing. Elsewhere the session has ended.
const REFUSED = {
  "sign-in": "The email or the password is not right.",
  passkey: "This passkey was not accepted. Try another way to sign in.",
  "second-factor": "This was not accepted. The code may have been used, or the step took too long.",
};

/**
 * @param {Error} error
 * @param {string} task what the person was doing: "sign-in", "picture", "link", …
 * @returns {{text: string, fields: Map<string, string>, waitSeconds: number|null}}
 */
export function explain(error, task) {
  if (error instanceof CancelledError) return plain("");
  if (error instanceof PasskeyError) return plain(error.message);
  if (error instanceof UnreachableError) return plain(unreachable());
  if (!(error instanceof ProblemError)) {
    return plain("Something unexpected happened on this page. Reload it and try again.");
  }
  if (error.status === 429) {
    const waitSeconds = error.retryAfter ?? DEFAULT_WAIT_SECONDS;
    return {
      text: `Too many attempts. Please wait ${readableWait(waitSeconds)} and try again.`,
      fields: new Map(),
      waitSeconds,
    };
  }
  if (error.status >= 500) {
    const reference = error.reference ? ` Reference: ${error.reference}.` : "";
    return plain(`The server has a problem at the moment. Please try again shortly.${reference}`);
  }
  if (task === "picture") return plain(aboutPicture(error));
  const fields = fieldMessages(error.fields);
  return { text: aboutForm(error, task, fields), fields, waitSeconds: null };
}

/** "a minute", "42 seconds", "5 minutes" */
export function readableWait(seconds) {
  if (seconds === 1) return "a second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}

export function pictureTooLarge() {
  return `This picture is too large. It may have at most ${readableSize(PICTURE_MAX_BYTES)}.`;
}

export function sourceTooLarge() {
  return `This picture is too large. It may have at most ${readableSize(SOURCE_MAX_BYTES)}.`;
}

export function sourceTooManyPixels() {
  return "This picture has too many pixels to be opened here. Make it smaller first.";
}

export function pictureWrongType() {
  return `This kind of file can’t be used. Choose a ${pictureTypeNames()} picture.`;
}

export function pictureUnreadable() {
  return "This file can’t be opened as a picture. It may be damaged. Choose another one.";
}

function plain(text) {
  return { text, fields: new Map(), waitSeconds: null };
}

function unreachable() {
  return navigator.onLine === false
    ? "You are offline. Check your connection and try again."
    : "The server can’t be reached. Check your connection and try again.";
}

function aboutForm(error, task, fields) {
  if (error.status === 401) return REFUSED[task] ?? SESSION_ENDED;
  if (error.status === 409 && task === "sign-up") {
    return "There is already an account with this email. Sign in instead.";
  }
  if (isKind(error, "link-invalid") || fields.has("token")) return LINK_INVALID;
  if (fields.size > 0) return "Please check the marked fields.";
  if (task === "link" && error.kind === "about:blank") return LINK_INVALID;
  return error.detail || "This could not be done. Check what you entered and try again.";
}

function aboutPicture(error) {
  switch (error.status) {
    case 401:
      return SESSION_ENDED;
    case 413:
      return pictureTooLarge();
    case 415:
      return pictureWrongType();
    default:
      return error.detail || pictureUnreadable();
  }
}

/** The server names a field "email" or "body.email"; one sentence per field, the first one. */
function fieldMessages(errors) {
  const messages = new Map();
  for (const { field, message } of errors) {
    const name = String(field ?? "").split(".").at(-1);
    if (name && message && !messages.has(name)) messages.set(name, asSentence(String(message)));
  }
  return messages;
}

function asSentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

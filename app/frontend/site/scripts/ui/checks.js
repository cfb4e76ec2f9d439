/** Mistakes that can be named before anything is sent. Each returns a sentence or "". */

import { PASSWORD_MIN_LENGTH } from "../limits.js";

const EMAIL_SHAPE = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export function emailMistake(email) {
  if (!email) return "Enter your email.";
  return EMAIL_SHAPE.test(email) ? "" : "Enter a full email address, like name@example.com.";
}

export function newPasswordMistake(password) {
  if (!password) return "Enter your password.";
  const long = Array.from(password).length >= PASSWORD_MIN_LENGTH;
  return long ? "" : `Use at least ${PASSWORD_MIN_LENGTH} characters.`;
}

export function missing(value, sentence) {
  return value ? "" : sentence;
}

/** The fields that have a mistake. */
export function mistakes(byField) {
  return new Map(Object.entries(byField).filter(([, sentence]) => sentence));
}

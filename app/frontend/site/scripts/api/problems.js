/** What can come instead of an answer. */

/** The server answered, with an error. `fields`: [{field, message}]; `retryAfter`: seconds or null. */
export class ProblemError extends Error {
  constructor({ status, kind, detail, fields, retryAfter, reference }) {
    super(detail || `The server answered ${status}.`);
    this.name = "ProblemError";
    this.status = status;
    this.kind = kind;
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

/** The person has closed a dialog that was needed to go on. Nothing needs to be said. */
export class CancelledError extends Error {
  constructor() {
    super("Cancelled.");
    this.name = "CancelledError";
  }
}

/** Whether this is the problem of this kind: "/problems/<slug>" names it. */
export function isKind(error, slug) {
  return error instanceof ProblemError && error.kind === slug;
}

/**
 * @param {number} status
 * @param {{get: (name: string) => string|null}} headers
 * @param {string} text of the body. A proxy in between may answer with HTML: then the status alone
 *   decides what is said.
 */
export function problemOf(status, headers, text) {
  const body = /\bjson\b/.test(headers.get("Content-Type") ?? "") ? parsed(text) : {};
  const wait = Number.parseInt(headers.get("Retry-After") ?? "", 10);
  return new ProblemError({
    status,
    kind: String(body.type ?? "").split("/").at(-1),
    detail: typeof body.detail === "string" ? body.detail : "",
    fields: Array.isArray(body.errors) ? body.errors : [],
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : null,
    reference: body.request_id ?? headers.get("X-Request-ID"),
  });
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

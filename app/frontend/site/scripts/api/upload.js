/** A request whose progress is told. `fetch` does not tell it, so this is an XMLHttpRequest. */

import { UnreachableError, problemOf } from "./problems.js";

const TIMEOUT_MS = 90_000;

/** @returns {Promise<Response>} */
export function upload(method, url, { headers, form, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.timeout = TIMEOUT_MS;
    for (const [name, value] of headers) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      if (lengthComputable) onProgress?.(loaded / total);
    });
    for (const kind of ["error", "timeout", "abort"]) {
      request.addEventListener(kind, () => reject(new UnreachableError(kind)));
    }
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      const told = { get: (name) => request.getResponseHeader(name) };
      if (status >= 200 && status < 300) resolve(new Response(responseText, { status }));
      else reject(problemOf(status, told, responseText));
    });
    request.send(form);
  });
}

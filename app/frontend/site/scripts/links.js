/**
 * Links from mails carry a token in the fragment, which no server sees, and so does the way back
 * from a provider: what came of it, or what stands for it while a second factor is asked for. It is
 * taken out of the address and the history before anything else, so that it is neither kept nor
 * passed on.
 */

const LINK = /^#(verify-email|reset-password|second-factor|provider)=(.+)$/;

/** @returns {{kind: string, token: string}|null} once per link */
export function takeLink() {
  const found = LINK.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return { kind: found[1], token: found[2] };
}

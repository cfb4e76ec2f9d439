/** The browser's passkeys: from the server's options to the answer that it checks. */

import { CancelledError } from "./problems.js";

/** The browser could not use a passkey; `message` is a sentence for the person. */
export class PasskeyError extends Error {}

export function canUsePasskeys() {
  return typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";
}

export function usePasskey({ challenge_id, options }) {
  return ceremony(challenge_id, () => navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  }));
}

export function makePasskey({ challenge_id, options }) {
  return ceremony(challenge_id, () => navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  }));
}

async function ceremony(challenge_id, ask) {
  try {
    return { challenge_id, credential: (await ask()).toJSON() };
  } catch (error) {
    if (error.name === "AbortError") throw new CancelledError();
    throw new PasskeyError(sentence(error), { cause: error });
  }
}

function sentence(error) {
  if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (error.name === "NotAllowedError") return "No passkey was used. Try again, or choose another way.";
  // The page is at another host of the instance's than the one that passkeys are made for.
  if (error.name === "SecurityError") return "Passkeys work at the app's main address alone, and not at this one.";
  return "This browser could not use a passkey here.";
}

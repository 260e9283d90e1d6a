// The name of a user's object: a keyed hash, so that neither storage nor logs hold who it is.

import { base64url } from "jose";

const encoder = new TextEncoder();
let keyed: { pepper: string; key: CryptoKey } | undefined;

/** `q1:` and the base64url HMAC-SHA-256 of issuer and subject under the deployment's pepper. */
export async function quotaName(user: { issuer: string; subject: string }, pepper: string): Promise<string> {
  if (keyed?.pepper !== pepper) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", encoder.encode(pepper), algorithm, false, ["sign"]);
    keyed = { pepper, key };
  }
  // Issuers come from configuration and hold no NUL, so the pair is unambiguous.
  const hash = await crypto.subtle.sign("HMAC", keyed.key, encoder.encode(`${user.issuer}\0${user.subject}`));
  return `q1:${base64url.encode(new Uint8Array(hash))}`;
}

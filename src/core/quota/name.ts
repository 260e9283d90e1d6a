// The name of a user's object: a keyed hash, so that neither storage nor logs hold who it is.

import { base64url } from "jose";
import type { User } from "../auth/user.ts";

const encoder = new TextEncoder();
let keyed: { pepper: string; key: CryptoKey; names: WeakMap<QuotaUser, string> } | undefined;

type QuotaUser = Pick<User, "issuer" | "subject">;

/** `q1:` and the base64url HMAC-SHA-256 of issuer and subject under the deployment's pepper. */
export async function quotaName(user: QuotaUser, pepper: string): Promise<string> {
  if (keyed?.pepper !== pepper) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", encoder.encode(pepper), algorithm, false, ["sign"]);
    keyed = { pepper, key, names: new WeakMap() };
  }
  const { key, names } = keyed;
  const known = names.get(user);
  if (known !== undefined) return known;
  // Issuers come from configuration and hold no NUL, so the pair is unambiguous.
  const hash = await crypto.subtle.sign("HMAC", key, encoder.encode(`${user.issuer}\0${user.subject}`));
  const name = `q1:${base64url.encode(new Uint8Array(hash))}`;
  names.set(user, name);
  return name;
}

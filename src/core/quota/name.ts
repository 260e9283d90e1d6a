// The name of a user's object: a keyed hash. Storage contains only this name, and logs a part of it.
// Neither identifies the user.

import { base64url } from "jose";
import { setNewest } from "../bounded-map.ts";
import { notConfigured } from "../errors.ts";
import { keyedHash } from "../keyed-hash.ts";
import type { User } from "../auth/user.ts";

/** The names of recent users under a pepper. */
let recent: { pepper: string; names: Map<string, string> } | undefined;
const MAX_NAMES = 1000;

type QuotaUser = Pick<User, "issuer" | "subject">;

/**
 * Returns `q1:` and the base64url HMAC-SHA-256 of issuer and subject, keyed with the deployment's pepper. Throws
 * `not_configured` without it.
 */
export async function quotaName(user: QuotaUser, pepper: string | undefined): Promise<string> {
  if (!pepper) throw notConfigured("QUOTA_PEPPER: npx wrangler secret put QUOTA_PEPPER");
  if (recent?.pepper !== pepper) recent = { pepper, names: new Map() };
  const { names } = recent;
  // Issuers come from configuration and hold no NUL, so the separator is unambiguous.
  const identity = `${user.issuer}\0${user.subject}`;
  const known = names.get(identity);
  if (known !== undefined) return known;
  const name = `q1:${base64url.encode(new Uint8Array(await keyedHash(pepper, identity)))}`;
  setNewest(names, identity, name, MAX_NAMES);
  return name;
}

/** The user in log lines: 96 bits of the object's name, too few to address the object. */
export function loggedUser(objectName: string): string {
  return objectName.slice("q1:".length, "q1:".length + 16);
}

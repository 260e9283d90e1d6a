// `npm run token -- alice --plan pro`: prints a token that the Worker of this checkout believes, and nothing else.

import { parseArgs } from "node:util";
import { SignJWT } from "jose";
import { devVars } from "./secrets.ts";

/** A token for `subject`, signed with this checkout's AUTH_SECRET, valid for `lifetime` ("24h"). */
export function createToken(subject: string, plan?: string, lifetime = "24h"): Promise<string> {
  const secret = new TextEncoder().encode(devVars().AUTH_SECRET);
  return new SignJWT(plan === undefined ? {} : { plan })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("weir")
    .setAudience("weir")
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(secret);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { plan: { type: "string" }, expires: { type: "string" } },
  });
  console.log(await createToken(positionals[0] ?? "dev", values.plan, values.expires));
}

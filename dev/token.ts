// `npm run token -- alice --plan pro`: prints a token that this checkout's Worker accepts.
// Standard output holds nothing else, so that it can be used in scripts.

import { parseArgs } from "node:util";
import { SignJWT } from "jose";
import bundled from "../src/core/catalog/default.json" with { type: "json" };
import { devVars } from "./secrets.ts";
import { parseCommandLine } from "./command-line.ts";

/** Creates a token for `subject`, signed with this checkout's AUTH_SECRET. `lifetime` is a duration such as "24h". */
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
  const options = { plan: { type: "string" }, expires: { type: "string" }, help: { type: "boolean" } } as const;
  const { subject, plan, expires } = parseCommandLine(
    "npm run -s token -- [SUBJECT] [--plan PLAN] [--expires 24h]",
    () => {
      const { values, positionals } = parseArgs({ allowPositionals: true, options });
      const [subject = "dev", ...more] = positionals;
      if (more.length > 0) throw new Error("too many arguments");
      return { subject, ...values };
    },
  );
  if (plan !== undefined && !Object.hasOwn(bundled.plans, plan)) {
    console.error(
      `The bundled catalog (src/core/catalog/default.json) has no plan '${plan}'; a published one may have it.`,
    );
  }
  console.log(await createToken(subject, plan, expires));
}

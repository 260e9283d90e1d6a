// `npm run token -- alice --plan pro`: prints a token that this checkout's Worker accepts.
// Standard output holds nothing else, so that it can be used in scripts.

import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import { SignJWT } from "jose";
import bundled from "../src/core/catalog/default.json" with { type: "json" };
import { parseCommandLine, UsageError } from "./command-line.ts";
import { devVars } from "./secrets.ts";

/** Creates a token for `subject`, signed with this checkout's AUTH_SECRET. `lifetime` is a duration such as "24h". */
export function createToken(subject: string, plan?: string, lifetime = "24h"): Promise<string> {
  return signToken(devVars().AUTH_SECRET ?? "", subject, plan, lifetime);
}

/** Creates a token for `subject`, signed with `secret`. Throws when `lifetime` is not a duration. */
export async function signToken(secret: string, subject: string, plan?: string, lifetime = "24h"): Promise<string> {
  return new SignJWT(plan === undefined ? {} : { plan })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("weir")
    .setAudience("weir")
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(new TextEncoder().encode(secret));
}

const DAY_S = 86_400;

/**
 * Returns the token that a development server offers to its pages: of the user `dev`, for a week. It is the same all
 * day, so that the configuration does not change; `now` in epoch ms.
 */
export function developmentToken(secret: string, now: number): string {
  const issuedAt = Math.floor(now / 1000 / DAY_S) * DAY_S;
  const claims = { iss: "weir", aud: "weir", sub: "dev", iat: issuedAt, exp: issuedAt + 7 * DAY_S };
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

if (import.meta.main) {
  const options = {
    plan: { type: "string" },
    expires: { type: "string", default: "24h" },
    help: { type: "boolean" },
  } as const;
  const { subject, plan, expires } = parseCommandLine(
    "npm run -s token -- [SUBJECT] [--plan PLAN] [--expires 24h]",
    () => {
      const { values, positionals } = parseArgs({ allowPositionals: true, options });
      const [subject = "dev", ...more] = positionals;
      if (subject === "") throw new UsageError("SUBJECT must not be empty.");
      if (more.length > 0) throw new UsageError(`There is one SUBJECT, so '${more[0]}' is too much.`);
      if (!isDuration(values.expires))
        throw new UsageError(`--expires must be a duration such as 30s, 15m, 24h or 7d, not '${values.expires}'.`);
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

/** Returns whether jose reads a text as a duration. */
function isDuration(text: string): boolean {
  try {
    new SignJWT().setExpirationTime(text);
    return true;
  } catch {
    return false;
  }
}

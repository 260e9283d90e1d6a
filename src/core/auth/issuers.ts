// Trusted token issuers: the AUTH_ISSUERS variable, parsed once per isolate.

import * as v from "valibot";
import { textOr } from "../text-or.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";

const Issuer = v.strictObject({
  // NUL and | separate the issuer from the subject, in quota/name.ts and in /admin/users/:id.
  issuer: v.pipe(v.string(), v.regex(/^[^\0|]+$/, "must not contain NUL or |")),
  /** One or several: an app has a different client id on each platform. */
  audience: v.pipe(textOr(v.array(v.string())), v.minLength(1)),
  /** URL of the issuer's public keys. Without it, tokens are verified with AUTH_SECRET. */
  jwks_url: v.optional(v.pipe(v.string(), v.check(isSecureUrl, "must be https"))),
  plan_claim: v.optional(v.string(), "plan"),
});

const Issuers = v.pipe(v.array(Issuer), v.minLength(1));
const IssuersJson = v.pipe(v.string(), v.parseJson(), Issuers);

export type Issuer = v.InferOutput<typeof Issuer>;

const cachedIssuers = new WeakMap<object, Issuer[]>();

/** Returns the trusted issuers. Throws `not_configured` when the variable is not as wrangler.toml describes. */
export function issuersOf(env: { AUTH_ISSUERS: unknown }): Issuer[] {
  const cached = cachedIssuers.get(env);
  if (cached) return cached;
  const { AUTH_ISSUERS: given } = env;
  const parsed = v.safeParse(typeof given === "string" ? IssuersJson : Issuers, given);
  if (!parsed.success) {
    const faults = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ""} ${issue.message}`.trim());
    throw apiError("not_configured", "This server is not configured to accept callers.", {
      cause: `AUTH_ISSUERS: ${faults.join("; ")}`,
    });
  }
  cachedIssuers.set(env, parsed.output);
  return parsed.output;
}

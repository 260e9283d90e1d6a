// Whose tokens are believed: the AUTH_ISSUERS variable, read once per isolate.

import * as v from "valibot";
import { textOr } from "../text-or.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";

const Issuer = v.strictObject({
  // Neither NUL nor bar: they separate it from the subject, in quota/name.ts and in /admin/users/:id.
  issuer: v.pipe(v.string(), v.regex(/^[^\0|]+$/, "must hold neither NUL nor |")),
  /** One, or several: an app has another client id on each platform. */
  audience: v.pipe(textOr(v.array(v.string())), v.minLength(1)),
  /** Where the issuer publishes its public keys; without it, tokens are signed with AUTH_SECRET. */
  jwks_url: v.optional(v.pipe(v.string(), v.check(isSecureUrl, "must be https"))),
  plan_claim: v.optional(v.string(), "plan"),
});

const Issuers = v.pipe(v.array(Issuer), v.minLength(1));
const IssuersJson = v.pipe(v.string(), v.parseJson(), Issuers);

export type Issuer = v.InferOutput<typeof Issuer>;

const remembered = new WeakMap<object, Issuer[]>();

/** The issuers of this deployment. Throws `not_configured` when the variable is not what wrangler.toml describes. */
export function issuersOf(env: { AUTH_ISSUERS: unknown }): Issuer[] {
  const known = remembered.get(env);
  if (known) return known;
  const { AUTH_ISSUERS: given } = env;
  const parsed = v.safeParse(typeof given === "string" ? IssuersJson : Issuers, given);
  if (!parsed.success) {
    const faults = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ""} ${issue.message}`.trim());
    throw apiError("not_configured", "This server is not configured to accept callers.", {
      cause: `AUTH_ISSUERS: ${faults.join("; ")}`,
    });
  }
  remembered.set(env, parsed.output);
  return parsed.output;
}

// Whose tokens are believed: the AUTH_ISSUERS variable, read once per isolate.

import * as v from "valibot";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";

const Issuer = v.strictObject({
  // Neither NUL nor bar: they separate it from the subject, in quota/name.ts and in /admin/users/:id.
  issuer: v.pipe(v.string(), v.regex(/^[^\0|]+$/, "must hold neither NUL nor |")),
  /** One, or several: an app has another client id on each platform. */
  audience: v.union([v.pipe(v.string(), v.minLength(1)), v.pipe(v.array(v.string()), v.minLength(1))]),
  /** Where the issuer publishes its public keys; without it, tokens are signed with AUTH_SECRET. */
  jwks_url: v.optional(v.pipe(v.string(), v.check(isSecureUrl, "must be https"))),
  plan_claim: v.optional(v.string(), "plan"),
});

const Issuers = v.pipe(v.union([v.array(Issuer), v.pipe(v.string(), v.parseJson(), v.array(Issuer))]), v.minLength(1));

export type Issuer = v.InferOutput<typeof Issuer>;

const remembered = new WeakMap<object, Issuer[]>();

/** The issuers of this deployment. Throws `not_configured` when the variable is not what wrangler.toml describes. */
export function issuersOf(env: { AUTH_ISSUERS: unknown }): Issuer[] {
  const known = remembered.get(env);
  if (known) return known;
  const parsed = v.safeParse(Issuers, env.AUTH_ISSUERS);
  if (!parsed.success) {
    throw apiError("not_configured", "This server is not configured to accept callers.", {
      cause: `AUTH_ISSUERS: ${v.flatten(parsed.issues).root?.join("; ") ?? "see wrangler.toml"}`,
    });
  }
  remembered.set(env, parsed.output);
  return parsed.output;
}

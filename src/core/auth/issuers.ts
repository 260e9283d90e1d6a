// Trusted token issuers: the AUTH_ISSUERS variable, parsed once per isolate.

import * as v from "valibot";
import { textOr } from "../http/text-or.ts";
import { isSecureUrl } from "../secure-url.ts";
import { apiError } from "../errors.ts";
import { toWords } from "../http/validation-words.ts";

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
  const parsed = parseIssuers(env.AUTH_ISSUERS);
  if (!parsed.success) {
    const message = "This server is not configured to accept callers.";
    throw apiError("not_configured", message, { cause: toFault(parsed.issues) });
  }
  cachedIssuers.set(env, parsed.output);
  return parsed.output;
}

/** Returns the faults of AUTH_ISSUERS, and of AUTH_SECRET where an issuer needs it. */
export function issuerFaults({
  AUTH_ISSUERS,
  AUTH_SECRET,
}: {
  AUTH_ISSUERS: unknown;
  AUTH_SECRET?: unknown;
}): string[] {
  const parsed = parseIssuers(AUTH_ISSUERS);
  if (!parsed.success) return [toFault(parsed.issues)];
  const needsSecret = parsed.output.some(({ jwks_url: url }) => url === undefined);
  const hasSecret = typeof AUTH_SECRET === "string" && AUTH_SECRET !== "";
  return needsSecret && !hasSecret ? ["AUTH_SECRET: npx wrangler secret put AUTH_SECRET"] : [];
}

const parseIssuers = (given: unknown) =>
  v.safeParse(typeof given === "string" ? IssuersJson : Issuers, given, { message: toWords });

function toFault(issues: v.BaseIssue<unknown>[]): string {
  const faults = issues.map((issue) => {
    const isUnknown = issue.type === "strict_object" && issue.expected === "never";
    const words = isUnknown ? "is not a known field" : issue.received === "undefined" ? "is missing" : issue.message;
    return `${v.getDotPath(issue) ?? ""} ${words}`.trim();
  });
  return `AUTH_ISSUERS: ${faults.join("; ")}`;
}

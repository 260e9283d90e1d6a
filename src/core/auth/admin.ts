// Admin authentication with ADMIN_TOKEN. Without that secret, every request is refused.

import { apiError, CHALLENGE } from "../errors.ts";

/** Throws 401 `invalid_api_key` unless the header has ADMIN_TOKEN. Compares digests in constant time. */
export async function requireAdmin(authorization: string | undefined, env: { ADMIN_TOKEN?: string }): Promise<void> {
  const given = await digest(authorization ?? "");
  const expected = await digest(`Bearer ${env.ADMIN_TOKEN ?? ""}`);
  if (env.ADMIN_TOKEN && crypto.subtle.timingSafeEqual(given, expected)) return;
  throw apiError("invalid_api_key", "This request needs the admin token. Send it as 'Authorization: Bearer <token>'.", {
    headers: CHALLENGE,
  });
}

const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

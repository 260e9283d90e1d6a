// What `npm run dev` says about the answer of GET /healthz.

import { expect, test } from "vitest";
import { troubleOf } from "../../../dev/health.ts";

const body = (code: string, message: string) => JSON.stringify({ error: { message, type: "server_error", code } });

test.each([
  [200, '{"status":"ok"}', undefined],
  [
    503,
    body("not_configured", "PROVIDER_HOSTS is missing."),
    "PROVIDER_HOSTS is missing. Correct wrangler.toml or .dev.vars, and it starts again.",
  ],
  [500, body("internal_error", "Something broke."), "GET /healthz answers 500. Something broke."],
  [502, "<html>", "GET /healthz answers 502. The log above shows why."],
  [500, "null", "GET /healthz answers 500. The log above shows why."],
])("%s %s", (status, text, trouble) => {
  expect(troubleOf(status, text)).toBe(trouble);
});

// Provider errors as callers see them: the provider's message for a bad request, Weir's own for everything else.

import { describe, expect, it } from "vitest";
import { toProviderError, unreachableError } from "../../../../src/core/gateway/provider-error.ts";

const PROVIDERS = {
  message: "Invalid value for 'n' in org-abc.",
  type: "invalid_request_error",
  param: "n",
  code: "invalid_value",
};

const refused = (status: number, body: unknown = { error: PROVIDERS }, headers: Record<string, string> = {}) =>
  toProviderError(new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers }));

describe("a refusal of what the caller sent", () => {
  it.each([400, 413, 415, 422])("is passed on with the provider's words: %i", async (status) => {
    expect(await refused(status)).toMatchObject({ status, body: PROVIDERS });
  });

  it("has exactly the four keys, whatever the provider added or left out", async () => {
    const { body } = await refused(400, { error: { message: "No.", internal_id: "i-1", param: 7 } });
    expect(body).toEqual({ message: "No.", type: expect.any(String), param: null, code: null });
  });

  it.each([
    "<html><h1>413 Request Entity Too Large</h1></html>",
    "",
    "null",
    "[]",
    '{"detail":"no"}',
    '{"error":"no"}',
    '{"error":',
  ])("in a form that is not the envelope is wrapped in it: %j", async (body) => {
    expect(await refused(413, body)).toMatchObject({
      status: 413,
      body: {
        message: "The provider refused the request (413).",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    });
  });

  it("does not pass the provider's headers on", async () => {
    expect(
      (await refused(400, { error: PROVIDERS }, { "set-cookie": "a=b", "openai-organization": "org-abc" })).headers,
    ).toEqual({});
  });
});

describe("a refusal that is not the caller's fault", () => {
  it.each([
    [401, 502, "provider_unauthorized"],
    [403, 502, "provider_unauthorized"],
    [402, 502, "provider_error"],
    [408, 504, "provider_timeout"],
    [409, 502, "provider_error"],
    [302, 502, "provider_error"],
    [429, 503, "provider_overloaded"],
    [500, 502, "provider_error"],
    [502, 502, "provider_error"],
    [503, 502, "provider_error"],
    [504, 504, "provider_timeout"],
    [529, 502, "provider_error"],
  ])(
    "of %i becomes %i %s, and keeps the provider's code for the log, but not its words",
    async (status, expected, code) => {
      const error = await refused(status);
      expect(error).toMatchObject({ status: expected, body: { code, type: "server_error", param: null } });
      expect(JSON.stringify([error.body, error.headers])).not.toContain("org-abc");
      expect(error.cause).toEqual({ status, code: PROVIDERS.code });
    },
  );

  it("of 404 says that the model is not there, in our words", async () => {
    const codes = ["model_not_found", null, 404].map((code) => ({ error: { ...PROVIDERS, param: "model", code } }));
    for (const body of [...codes, "<html>404</html>", ""]) {
      const error = await refused(404, body);
      expect(error).toMatchObject({ status: 404, body: { code: "model_not_found" } });
      expect(error.body.message).not.toContain("org-abc");
    }
  });

  it("of 404 without a code says what else is not there", async () => {
    const error = await refused(404, { error: { ...PROVIDERS, code: null, param: "prompt" } });
    expect(error.body).toMatchObject({ code: "not_found", param: "prompt" });
    expect(error.body.message).not.toContain("org-abc");
  });

  it.each([PROVIDERS.code, "previous_response_not_found"])(
    "of 404 with another code says that something else is not there: %s",
    async (code) => {
      const error = await refused(404, { error: { ...PROVIDERS, code } });
      expect(error).toMatchObject({
        status: 404,
        body: { code: "not_found", param: PROVIDERS.param },
        cause: { status: 404, code },
      });
      expect(error.body.message).not.toContain("org-abc");
    },
  );

  it("of 429 because the operator's own account is used up is not worth a retry", async () => {
    const error = await refused(429, { error: { ...PROVIDERS, code: "insufficient_quota" } });
    expect(error).toMatchObject({ status: 502, body: { code: "provider_unauthorized" }, headers: {} });
  });

  it("says when to come back, as the provider does", async () => {
    expect((await refused(429, { error: PROVIDERS }, { "retry-after": "17" })).headers).toEqual({
      "retry-after": "17",
    });
  });

  it("says to come back in a second when the provider does not say", async () => {
    expect((await refused(429)).headers).toEqual({ "retry-after": "1" });
  });

  it.each([
    ["0", 0],
    ["1", 1000],
    ["0.5", 500],
    ["120", 120_000],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["-1", undefined],
    ["soon", undefined],
    ["", undefined],
  ])("knows how soon the provider can be asked again: %j", async (seconds, retryAfterMs) => {
    for (const status of [429, 500, 503]) {
      expect((await refused(status, { error: PROVIDERS }, { "retry-after": seconds })).retryAfterMs).toBe(retryAfterMs);
    }
    expect((await refused(503)).retryAfterMs).toBeUndefined();
  });
});

describe("a provider that cannot be reached", () => {
  it("is a 502 that does not say where it was", () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.7:443");
    const error = unreachableError(cause);
    expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
    expect(error.cause).toBe(cause);
    expect(error.body.message).not.toContain("10.0.0.7");
  });
});

// Provider errors for callers: the provider's message for an invalid request, Weir's own for everything else.

import { describe, expect, it } from "vitest";
import { apiError } from "../../../../src/core/errors.ts";
import { toProviderError, unreachableError } from "../../../../src/core/gateway/provider-error.ts";
import { withoutLongRetryAfter } from "../../../../src/core/http/retry-after.ts";

const PROVIDERS = {
  message: "Invalid value for 'n' in org-abc.",
  type: "invalid_request_error",
  param: "n",
  code: "invalid_value",
};

/** 2026-10-21, 07:28:00. */
const NOW = Date.UTC(2026, 9, 21, 7, 28);

const refused = (status: number, body: unknown = { error: PROVIDERS }, headers: Record<string, string> = {}) =>
  toProviderError(new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers }), NOW);

describe("a refusal of the caller's request", () => {
  it.each([400, 413, 415, 422])(
    "with status %i has the provider's message, and none of its headers",
    async (status) => {
      const error = await refused(
        status,
        { error: PROVIDERS },
        { "set-cookie": "a=b", "openai-organization": "org-abc" },
      );
      expect(error).toMatchObject({ status, body: PROVIDERS });
      expect(error.headers).toEqual({});
    },
  );

  it("has exactly four keys, whatever the provider adds or leaves out", async () => {
    const { body } = await refused(400, { error: { message: "No.", internal_id: "i-1", param: 7 } });
    expect(body).toEqual({ message: "No.", type: expect.any(String), param: null, code: null });
  });

  const TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.";
  it.each<[string, unknown, Record<string, unknown>]>([
    [
      "a list",
      [{ error: { code: 400, message: "Bad schema.", status: "INVALID_ARGUMENT" } }],
      { message: "Bad schema." },
    ],
    [
      "an object without an envelope",
      { object: "error", message: "Bad schema.", type: "BadRequestError", param: "tools", code: 400 },
      { message: "Bad schema.", param: "tools" },
    ],
    ["an event", 'data: {"error":{"message":"Bad schema."}}\n\n', { message: "Bad schema." }],
    ["a named event", 'event: error\ndata: {"error":"Bad schema."}\n\n', { message: "Bad schema." }],
    ["a message alone", { message: "Bad schema." }, { message: "Bad schema." }],
    ["a text below error", { code: "Invalid argument given", error: "Bad schema." }, { message: "Bad schema." }],
    [
      "a code beside the text",
      { code: "bad_schema", error: "Bad schema." },
      { message: "Bad schema.", code: "bad_schema" },
    ],
    ["a detail", { detail: "Bad schema." }, { message: "Bad schema." }],
    [
      "details of fields",
      { detail: [{ loc: ["body", "tools", 0], msg: "is required", type: "missing" }, { msg: "and more" }] },
      { message: "tools.0: is required; and more" },
    ],
    [
      "details below the message",
      { object: "error", message: { detail: [{ loc: ["body", "n"], msg: "too large" }] } },
      { message: "n: too large" },
    ],
    [
      "a list of errors",
      { success: false, errors: [{ code: 7003, message: "Bad schema." }] },
      { message: "Bad schema." },
    ],
    [
      "a relayed error",
      { error: { message: "Provider returned error", code: 400, metadata: { raw: '{"message":"Bad schema."}' } } },
      { message: "Bad schema." },
    ],
  ])("in the form of %s has its message", async (_what, body, expected) => {
    const error = await refused(400, body);
    expect(error.body).toEqual({ type: "invalid_request_error", param: null, code: null, ...expected });
    const hidden = await refused(500, body);
    expect(hidden.body.message).toBe("The model could not answer. Please try again.");
  });

  it.each([
    TOO_LONG,
    "This endpoint's maximum context length is 131072 tokens.",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "`inputs` tokens + `max_new_tokens` must be <= 8193.",
    "the request exceeds the available context size. try increasing the context size",
    "prompt is too long: 210000 tokens > 200000 maximum",
  ])("for a context that is too long has OpenAI's code: %s", async (message) => {
    expect(await refused(400, { object: "error", message, code: 400 })).toMatchObject({
      status: 400,
      body: { message, code: "context_length_exceeded" },
    });
  });

  it.each(["context_window is not a known field", "Invalid context.", "max_tokens is too large: 9999"])(
    "for another fault does not: %s",
    async (message) => expect((await refused(400, { message })).body.code).toBeNull(),
  );

  it.each([
    [{ error: { code: 400, message: "API key not valid. Please pass a valid API key." } }],
    [{ code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***89." }],
  ])("for the operator's key is the server's fault, and quotes nothing: %j", async (body) => {
    const error = await refused(400, body);
    expect(error).toMatchObject({ status: 502, body: { code: "provider_unauthorized" }, cause: { status: 400 } });
    expect(error.body.message).not.toMatch(/key/i);
  });

  it.each(["<html>Too Large</html>", "", "null", "[]", "{}", '{"ok":false}', '{"error":7}', '{"error":'])(
    "in another format gets the envelope: %j",
    async (body) => {
      const message = "The provider refused the request (413).";
      expect(await refused(413, body)).toMatchObject({
        status: 413,
        body: { message, type: "invalid_request_error", param: null, code: null },
      });
    },
  );
});

describe("another refusal", () => {
  it.each([
    [401, 502, "provider_unauthorized"],
    [403, 502, "provider_unauthorized"],
    [402, 502, "provider_error"],
    [408, 504, "provider_timeout"],
    [409, 502, "provider_error"],
    [302, 502, "provider_error"],
    [429, 503, "provider_overloaded"],
    [500, 502, "provider_error"],
    [503, 503, "provider_overloaded"],
    [504, 504, "provider_timeout"],
    [529, 503, "provider_overloaded"],
  ])("of %i becomes %i %s, with the provider's code for the log only", async (status, expected, code) => {
    const error = await refused(status);
    expect(error).toMatchObject({ status: expected, body: { code, type: "server_error", param: null } });
    expect(JSON.stringify([error.body, error.headers])).not.toContain("org-abc");
    expect(error.cause).toEqual({ status, code: PROVIDERS.code });
  });

  it.each<[string, unknown, string]>([
    ["for the model", { error: { ...PROVIDERS, param: "model", code: "model_not_found" } }, "model_not_found"],
    ["for the model without a code", { error: { ...PROVIDERS, param: "model", code: null } }, "model_not_found"],
    ["for the model with an invalid code", { error: { ...PROVIDERS, param: "model", code: 404 } }, "model_not_found"],
    ["as a page", "<html>404</html>", "model_not_found"],
    ["without a body", "", "model_not_found"],
    ["for another field without a code", { error: { ...PROVIDERS, code: null, param: "prompt" } }, "not_found"],
    ["for another object", { error: { ...PROVIDERS, code: "previous_response_not_found" } }, "not_found"],
  ])("of 404 %s has Weir's own message", async (_what, body, code) => {
    const error = await refused(404, body);
    expect(error).toMatchObject({ status: 404, body: { code } });
    if (code === "not_found") expect(error.body.param).toMatch(/^(n|prompt)$/);
    expect(error.body.message).not.toContain("org-abc");
  });

  it.each([
    ["401", 401, PROVIDERS],
    ["429 because the operator's account has no credit", 429, { ...PROVIDERS, code: "insufficient_quota" }],
  ])("of %s is not worth a retry", async (_what, status, error) => {
    const headers = { "x-should-retry": "false" };
    expect(await refused(status, { error })).toMatchObject({
      status: 502,
      body: { code: "provider_unauthorized" },
      headers,
    });
  });

  it.each<[Record<string, string>, number | undefined]>([
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "120" }, 120_000],
    [{ "retry-after": "Wed, 21 Oct 2026 07:28:20 GMT" }, 20_000],
    [{ "retry-after": "Wed, 21 Oct 2026 07:27:00 GMT" }, 0],
    [{ "retry-after-ms": "1250" }, 1250],
    [{ "retry-after-ms": "1250.5", "retry-after": "9" }, 1250.5],
    [{ "retry-after-ms": "soon", "retry-after": "9" }, 9000],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
  ])("with %j can be retried after %s ms", async (headers, retryAfterMs) => {
    for (const status of [429, 500, 503]) {
      expect((await refused(status, { error: PROVIDERS }, headers)).retryAfterMs).toBe(retryAfterMs);
    }
  });

  it.each([
    ["17", "17"],
    ["0.2", "1"],
    ["Wed, 21 Oct 2026 07:29:00 GMT", "60"],
    ["1e9", "1"],
    ["99999999999999999999999", "86400"],
    [undefined, "1"],
  ])("for want of capacity, with retry-after %s, tells the caller %s whole seconds", async (given, told) => {
    for (const status of [429, 503, 529]) {
      const { headers } = await refused(status, "", given === undefined ? {} : { "retry-after": given });
      expect(headers).toEqual({ "retry-after": told });
    }
  });
});

it.each([
  ["60", { "retry-after": "60", other: "1" }],
  ["61", { other: "1" }],
  ["59000", { other: "1" }],
])("a client of OpenAI's API is told a wait of %s s as %j", (seconds, headers) => {
  const error = apiError("insufficient_quota", "No.", { headers: { "retry-after": seconds, other: "1" } });
  expect(withoutLongRetryAfter(error)).toMatchObject({ status: 429, body: error.body });
  expect(withoutLongRetryAfter(error).headers).toEqual(headers);
});

it("an unreachable provider is a 502 without its address", () => {
  const cause = new Error("connect ECONNREFUSED 10.0.0.7:443");
  const error = unreachableError(cause);
  expect(error).toMatchObject({ status: 502, body: { code: "provider_error" } });
  expect(error.cause).toBe(cause);
  expect(error.body.message).not.toContain("10.0.0.7");
});

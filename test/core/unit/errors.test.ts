// The error codes, the error envelope, and that no secret reaches it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { ApiError, apiError, toApiError, toErrorResponse } from "../../../src/core/errors.ts";

const SOURCE = readFileSync(join(import.meta.dirname, "../../../src/core/errors.ts"), "utf8");

/** The rows of the table in errors.ts: code and status. */
const TABLE = [...SOURCE.matchAll(/^ {2}(\w+): (\d{3}),$/gm)].map(([, code = "", status]) => ({
  code: code as ErrorCode,
  status: Number(status),
}));

describe("the table of codes", () => {
  it.each(TABLE)("gives $code its status and type", ({ code, status }) => {
    const quota: Partial<Record<ErrorCode, string>> = {
      insufficient_quota: "insufficient_quota",
      plan_limit_exceeded: "insufficient_quota",
      concurrency_limit_exceeded: "requests",
    };
    const type = status >= 500 ? "server_error" : (quota[code] ?? "invalid_request_error");
    const error = apiError(code, "Message.");
    expect(error.status).toBe(status);
    expect(error.body).toEqual({ message: "Message.", type, param: null, code });
  });
});

it("the envelope has exactly the four keys of OpenAI's clients, and not the cause", async () => {
  const how = { param: "model", headers: { "retry-after": "1" }, cause: new Error("key sk-123") };
  const response = toErrorResponse(apiError("model_not_found", "There is no model 'x'.", how));
  expect(response.status).toBe(404);
  expect(Object.fromEntries(response.headers)).toEqual({
    "content-type": "application/json",
    "retry-after": "1",
    "weir-error": "model_not_found",
  });
  const body = { message: "There is no model 'x'.", type: "invalid_request_error", param: "model" };
  expect(await response.json()).toEqual({ error: { ...body, code: "model_not_found" } });
});

describe("a thrown value", () => {
  it.each([new TypeError("secret"), "secret", { message: "secret" }, undefined, null])(
    "that is not an ApiError becomes a 500 that reveals nothing: %s",
    async (thrown) => {
      const error = toApiError(thrown);
      expect(error).toMatchObject({ status: 500, body: { code: "internal_error", type: "server_error", param: null } });
      expect(error.cause).toBe(thrown);
      expect(await toErrorResponse(error).text()).not.toContain("secret");
    },
  );

  it("that is a timeout becomes a 504, and an ApiError is returned as it is", () => {
    const error = toApiError(new DOMException("The operation timed out.", "TimeoutError"));
    expect([error.status, error.body.code]).toEqual([504, "provider_timeout"]);
    expect(toApiError(error)).toBe(error);
  });
});

it.each([
  ["context_length_exceeded", "context_length_exceeded"],
  ["a code\r\nwith-lines: 1", "provider_refused"],
  ["堰", "provider_refused"],
  [null, "provider_refused"],
])("the header weir-error has the provider's code %j, unless it is no code", (code, header) => {
  const body = { message: "No.", type: "invalid_request_error", param: null, code };
  expect(toErrorResponse(new ApiError(400, body)).headers.get("weir-error")).toBe(header);
});

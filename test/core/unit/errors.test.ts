// The error codes, the error envelope, and that no secret reaches it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { ApiError, apiError, toApiError, toErrorResponse } from "../../../src/core/errors.ts";

const SOURCES = join(import.meta.dirname, "../../../src");
const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(SOURCES, path), "utf8") }));

/** The rows of the table in errors.ts: code and status. */
const TABLE = [
  ...(sources.find(({ path }) => path === "core/errors.ts")?.text ?? "").matchAll(/^ {2}(\w+): (\d{3}),$/gm),
].map(([, code = "", status]) => ({ code: code as ErrorCode, status: Number(status) }));
const CODES: string[] = TABLE.map(({ code }) => code);

describe("the table of codes", () => {
  it("was found", () => {
    expect(CODES).toContain("invalid_api_key");
    expect(new Set(CODES).size).toBe(CODES.length);
  });

  it("has every code that the sources throw", () => {
    const used = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/apiError\(\s*"(\w+)"/g)].map(([, code]) => ({ path, code })),
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter(({ code }) => !CODES.includes(code ?? ""))).toEqual([]);
  });

  it("has no code that nothing throws", () => {
    // A code may also be chosen before it is thrown, so any mention outside of the table counts.
    const uses = sources.map(({ text }) => text.replaceAll(/^ {2}\w+: \d{3},$/gm, "")).join("\n");
    expect(CODES.filter((code) => !uses.includes(`"${code}"`))).toEqual([]);
  });

  it.each(TABLE)("gives $code its status, and blames the caller for 4xx and itself for 5xx", ({ code, status }) => {
    const blamed = status >= 500 ? "server_error" : "invalid_request_error";
    const type = code === "insufficient_quota" ? code : blamed;
    const error = apiError(code, "Message.");
    expect(error.status).toBe(status);
    expect(error.body).toEqual({ message: "Message.", type, param: null, code });
  });

  it("tells a time that is up as the provider's", () => {
    const error = toApiError(new DOMException("The operation timed out.", "TimeoutError"));
    expect([error.status, error.body.code]).toEqual([504, "provider_timeout"]);
  });
});

describe("the envelope", () => {
  it("has exactly the four keys that OpenAI's clients expect", async () => {
    const error = apiError("model_not_found", "There is no model 'x'.", {
      param: "model",
      headers: { "retry-after": "1" },
    });
    const response = toErrorResponse(error);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({
      error: {
        message: "There is no model 'x'.",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    });
  });

  it("never holds the cause", async () => {
    const response = toErrorResponse(
      apiError("provider_error", "Please try again.", { cause: new Error("key sk-123") }),
    );
    expect(await response.text()).not.toContain("sk-123");
  });
});

describe("a thrown value", () => {
  it.each([new TypeError("secret"), "secret", { message: "secret" }, undefined, null, 7])(
    "that is no refusal becomes a 500 that reveals nothing: %s",
    async (thrown) => {
      const error = toApiError(thrown);
      expect(error).toMatchObject({ status: 500, body: { code: "internal_error", type: "server_error", param: null } });
      expect(error.cause).toBe(thrown);
      const response = toErrorResponse(error);
      expect(await response.text()).not.toContain("secret");
      expect(Object.fromEntries(response.headers)).toEqual({ "content-type": "application/json" });
    },
  );

  it("that is a refusal stays what it is", () => {
    const refusal = apiError("invalid_json", "The body is not valid JSON.");
    expect(toApiError(refusal)).toBe(refusal);
  });

  it("can be added to without changing what it was made from", () => {
    const headers = { "retry-after": "1" };
    const error = new ApiError(503, { message: "m", type: "server_error", param: null, code: null }, { headers });
    error.headers["x-more"] = "yes";
    expect(headers).toEqual({ "retry-after": "1" });
  });
});

// Errors in the log: Weir's own messages and stack frames, never the message of a foreign error.

import { describe, expect, it } from "vitest";
import { ApiError, apiError, InternalError, withHeaders, withParam } from "../../../src/core/errors.ts";
import { toLogged, toLoggedFailure } from "../../../src/core/log.ts";

const SECRET = "what the user wrote";

describe("the log", () => {
  it("shows the message of Weir's own errors", () => {
    expect(toLogged(new InternalError("no 'swift'"))).toBe("no 'swift'");
    expect(toLoggedFailure(new InternalError("no 'swift'")).error).toBe("InternalError: no 'swift'");
  });

  it("shows why an error of the API was thrown", () => {
    const lost = apiError("provider_error", SECRET, { cause: new InternalError("connection lost: host api.test") });
    const shown = { error: "ApiError provider_error", cause: "connection lost: host api.test" };
    expect(toLogged(lost)).toEqual(shown);
    expect(toLogged(apiError("provider_error", SECRET, { cause: new SyntaxError(SECRET) }))).toEqual({
      ...shown,
      cause: "SyntaxError",
    });
  });

  it.each([
    new SyntaxError(`Unexpected token in ${SECRET}`),
    new ApiError(400, { message: SECRET, type: "invalid_request_error", param: null, code: null }),
    Object.assign(new Error(SECRET), { code: "ERR_X" }),
  ])("shows class, code and stack frames of any other error, and never its message", (error) => {
    const { error: shown, stack } = toLoggedFailure(error);
    expect(JSON.stringify([toLogged(error), shown, stack])).not.toContain(SECRET);
    expect(shown).toContain(error.name);
    expect(stack?.[0]).toMatch(/^at .*log\.test\.ts/);
  });
});

describe("an error that was thrown", () => {
  it("is copied and not changed when headers or another field are added", () => {
    const body = { message: "No.", type: "invalid_request_error", param: "messages", code: "x" };
    const error = new ApiError(429, body, { headers: { "retry-after": "1" }, retryAfterMs: 1000, cause: "busy" });
    const withMore = withHeaders(error, { "retry-after": "9", "weir-model": "swift-1" });
    expect(withMore).toMatchObject({ status: 429, retryAfterMs: 1000, cause: "busy", body });
    expect(withMore.headers).toEqual({ "retry-after": "1", "weir-model": "swift-1" });
    expect(withParam(error, "input").body).toEqual({ ...body, param: "input" });
    expect(error.headers).toEqual({ "retry-after": "1" });
    expect(error.body).toBe(body);
  });
});

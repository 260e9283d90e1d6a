// Retries and fallbacks: the same model once more when that is soon, then the next, and none where it cannot help.

import { describe, expect, it } from "vitest";
import { ApiError, apiError } from "../../../../src/core/errors.ts";
import { inTurn } from "../../../../src/core/gateway/retry.ts";

/** An error that the provider is to blame for, with the time after which it can be asked again. */
const busy = (retryAfterMs?: number) => apiError("provider_overloaded", "Busy.", { retryAfterMs });
const refusal = new ApiError(400, { message: "No.", type: "invalid_request_error", param: null, code: null });

/** Asks candidates who fail so, one after the other, and at last answer; who was asked, and what was waited. */
async function turns(candidates: string[], failures: unknown[], isFinal = () => false) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const ask = async (candidate: string, attempt: number) => {
    asked.push(`${attempt} ${candidate}`);
    if (failures.length > 0) throw failures.shift();
    return `${candidate} answers`;
  };
  const outcome: unknown = await inTurn(candidates, ask, { isFinal, pause: async (ms) => void pauses.push(ms) }).catch(
    (error: unknown) => error,
  );
  return { asked, pauses, outcome };
}

describe("candidates", () => {
  it("are asked in their order, until one answers", async () => {
    expect(await turns(["swift", "deep", "dull"], [])).toEqual({
      asked: ["1 swift"],
      pauses: [],
      outcome: "swift answers",
    });
    expect(await turns(["swift", "deep", "dull"], [busy(), busy()])).toEqual({
      asked: ["1 swift", "2 deep", "3 dull"],
      pauses: [],
      outcome: "dull answers",
    });
  });

  it("that all fail leave the error of the last", async () => {
    const [first, last] = [busy(), apiError("provider_timeout", "Too long.")];
    expect((await turns(["swift", "deep"], [first, last])).outcome).toBe(last);
    expect((await turns(["swift"], [first])).outcome).toBe(first);
  });

  it.each(["provider_error", "provider_unauthorized", "provider_timeout", "model_not_found"] as const)(
    "are followed by the next after %s",
    async (code) => {
      expect((await turns(["swift", "deep"], [apiError(code, "No.")])).outcome).toBe("deep answers");
    },
  );

  it.each([
    ["what the caller sent wrong", refusal],
    ["too many tokens", apiError("insufficient_quota", "No.")],
    ["what the provider does not have", apiError("not_found", "No.")],
    ["a fault of our own", new Error("a bug")],
    ["an end from outside", { kind: "left" }],
  ])("are not followed by the next after %s", async (_what, failure) => {
    expect(await turns(["swift", "deep"], [failure])).toEqual({ asked: ["1 swift"], pauses: [], outcome: failure });
  });

  it("are not followed by the next once something has been answered", async () => {
    const failure = busy(0);
    expect(await turns(["swift", "deep"], [failure], () => true)).toEqual({
      asked: ["1 swift"],
      pauses: [],
      outcome: failure,
    });
  });
});

describe("a provider who says when it can be asked again", () => {
  it.each([0, 500, 2000])("is waited for when that is soon: %d ms", async (ms) => {
    expect(await turns(["swift", "deep"], [busy(ms)])).toEqual({
      asked: ["1 swift", "2 swift"],
      pauses: [ms],
      outcome: "swift answers",
    });
  });

  it("is waited for once, then the next is asked", async () => {
    expect(await turns(["swift", "deep"], [busy(500), busy(500)])).toEqual({
      asked: ["1 swift", "2 swift", "3 deep"],
      pauses: [500],
      outcome: "deep answers",
    });
  });

  it("is waited for though nobody else can be asked, and each of several once", async () => {
    const last = busy(300);
    expect(await turns(["swift"], [busy(100), last])).toEqual({
      asked: ["1 swift", "2 swift"],
      pauses: [100],
      outcome: last,
    });
    expect(await turns(["swift", "deep"], [busy(100), busy(200), busy(300)])).toEqual({
      asked: ["1 swift", "2 swift", "3 deep", "4 deep"],
      pauses: [100, 300],
      outcome: "deep answers",
    });
  });

  it.each([2001, 60_000, undefined])("is left for the next when that is not soon: %s ms", async (ms) => {
    expect(await turns(["swift", "deep"], [busy(ms)])).toEqual({
      asked: ["1 swift", "2 deep"],
      pauses: [],
      outcome: "deep answers",
    });
  });
});

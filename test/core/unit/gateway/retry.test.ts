// Retries and fallbacks: one retry when the provider asks for it soon, then the next candidate.

import { describe, expect, it } from "vitest";
import { ApiError, apiError } from "../../../../src/core/errors.ts";
import { tryCandidates } from "../../../../src/core/gateway/retry.ts";

/** A provider error, with the time after which a retry can succeed. */
const busy = (retryAfterMs?: number) => apiError("provider_overloaded", "Busy.", { retryAfterMs });
const refusal = new ApiError(400, { message: "No.", type: "invalid_request_error", param: null, code: null });
const [first, last] = [busy(), apiError("provider_timeout", "Too long.")];

/** Tries candidates that fail so, one after the other, before one answers. */
async function attempts(candidates: string[], failures: unknown[], { final = false, retries = true } = {}) {
  const tried: string[] = [];
  const pauses: number[] = [];
  const ask = async (candidate: string, attempt: number) => {
    tried.push(`${attempt} ${candidate}`);
    if (tried.length <= failures.length) throw failures[tried.length - 1];
    return `${candidate} answers`;
  };
  const pause = async (ms: number) => void pauses.push(ms);
  const outcome = await tryCandidates(candidates, ask, {
    isFinal: () => final,
    pause: retries ? pause : undefined,
  }).catch((error: unknown) => error);
  return { tried, pauses, outcome };
}

it.each<[string, string[], unknown[], string[], number[], unknown]>([
  ["the first that answers is the last", ["swift", "deep"], [], ["1 swift"], [], "swift answers"],
  [
    "errors lead to the next",
    ["swift", "deep", "dull"],
    [busy(), busy()],
    ["1 swift", "2 deep", "3 dull"],
    [],
    "dull answers",
  ],
  ["the last error is thrown", ["swift", "deep"], [first, last], ["1 swift", "2 deep"], [], last],
  ["a single one has no fallback", ["swift"], [first], ["1 swift"], [], first],
  ["a soon retry is waited for", ["swift", "deep"], [busy(0)], ["1 swift", "2 swift"], [0], "swift answers"],
  ["2 s are soon", ["swift", "deep"], [busy(2000)], ["1 swift", "2 swift"], [2000], "swift answers"],
  ["2001 ms are not", ["swift", "deep"], [busy(2001)], ["1 swift", "2 deep"], [], "deep answers"],
  [
    "one retry, then the next",
    ["swift", "deep"],
    [busy(5), busy(5)],
    ["1 swift", "2 swift", "3 deep"],
    [5],
    "deep answers",
  ],
  [
    "each has a retry",
    ["swift", "deep"],
    [busy(1), busy(2), busy(3)],
    ["1 swift", "2 swift", "3 deep", "4 deep"],
    [1, 3],
    "deep answers",
  ],
  ["the last has a retry", ["swift"], [busy(1), last], ["1 swift", "2 swift"], [1], last],
])("candidates: %s", async (_what, candidates, failures, tried, pauses, outcome) => {
  expect(await attempts(candidates, failures)).toEqual({ tried, pauses, outcome });
});

it("candidates: without retries, for a client that retries by itself, the next one is tried", async () => {
  const { tried, pauses } = await attempts(["swift", "deep"], [busy(0), last], { retries: false });
  expect([tried, pauses]).toEqual([["1 swift", "2 deep"], []]);
});

describe("a fallback", () => {
  it.each(["provider_error", "provider_unauthorized", "provider_timeout", "model_not_found"] as const)(
    "follows %s",
    async (code) => {
      expect((await attempts(["swift", "deep"], [apiError(code, "No.")])).outcome).toBe("deep answers");
    },
  );

  it.each([
    ["an invalid request", refusal],
    ["a quota refusal", apiError("insufficient_quota", "No.")],
    ["a missing object at the provider", apiError("not_found", "No.")],
    ["an internal error", new Error("a bug")],
    ["an abort", { kind: "left" }],
  ])("does not follow %s", async (_what, failure) => {
    expect(await attempts(["swift", "deep"], [failure])).toEqual({ tried: ["1 swift"], pauses: [], outcome: failure });
  });

  it("does not follow a final error", async () => {
    const failure = busy(0);
    const { tried, outcome } = await attempts(["swift", "deep"], [failure], { final: true });
    expect([tried, outcome]).toEqual([["1 swift"], failure]);
  });
});

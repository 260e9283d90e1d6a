// The settlement of one request: charged once, reported with at most the reserved cost, and logged without content.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Amounts } from "../../../../src/core/catalog/quota-window.ts";
import { apiError } from "../../../../src/core/errors.ts";
import type { Stage } from "../../../../src/core/quota/ending-cost.ts";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import type { Lease } from "../../../../src/core/quota/lease.ts";
import type { RequestEnd } from "../../../../src/core/quota/settlement.ts";
import { createSettlement } from "../../../../src/core/quota/settlement.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import type { Ending } from "../../../../src/core/relay/watchdog.ts";
import { bundledModel } from "../../../support/catalog-documents.ts";

// $1.1 and $4.4 per million tokens.
const MODEL = bundledModel("o4-mini");
const DEMAND = { inputBytes: 400, images: 0, choices: 1, maxOutputTokens: undefined };
const WHO = { planName: "free", loggedAs: "y297ghdtHg8swQRz" };
const VIEW = { windows: [], leases: { running: 0, allowed: 1 } };
const usage = (input: number, output: number) => ({ input, cached: 0, cacheWrite: 0, output, reasoning: 0 });

let log: ReturnType<typeof vi.spyOn>;
let errors: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => void vi.restoreAllMocks());

/** Settles an answer under a bound of 1000 tokens and a million nano-dollars. */
async function settle(
  ending: Ending,
  used?: ReturnType<typeof usage>,
  exactInput?: number,
  stage: Stage = "relayed",
  timedOut: RequestEnd[] = [],
  demand: Demand = DEMAND,
) {
  const steps: string[] = [];
  const charges: Amounts[] = [];
  const excesses: (Amounts | undefined)[] = [];
  const bound = { tokens: 1000, requests: 1, nanoUsd: 1_000_000 };
  const lease: Lease = {
    key: "k-1",
    granted: 100,
    bound,
    view: VIEW,
    unsettled: undefined,
    settle: async (charge, excess) => {
      charges.push(charge);
      excesses.push(excess);
      return undefined;
    },
  };
  const settlement = createSettlement({ requestId: "r-1", ...WHO, lease, exactInput, startedAt: Date.now() });
  const end = {
    lastCandidate: { model: MODEL, exchange: { ask: { endpoint: "chat_completions", demand } } },
    stage,
    ending,
    progress: { ...emptyProgress(), ...(used && { usage: used, finish: "stop" as const }) },
    otherRequests: 0,
    work: { elapsedMs: 0, grantedOutput: 100 },
    timedOut,
    count: async () => steps.push("count") && 90,
  } as const;
  const settled = await settlement(end, () => steps.push("slow"));
  return {
    charges,
    excesses,
    settled,
    steps,
    line: JSON.parse(String(log.mock.calls[0]?.[0])) as Record<string, unknown>,
  };
}

it("the cost is charged, reported and logged", async () => {
  const { charges, settled, line } = await settle({ kind: "finished" }, usage(100, 10));
  expect(charges).toEqual([{ tokens: 110, requests: 1, nanoUsd: 154_000 }]);
  // A settlement that failed leaves the windows of the reservation.
  expect(settled).toEqual({
    left: {},
    usd: 0.000154,
    charged: { input: 100, cached: 0, output: 10, reasoning: 0 },
    view: VIEW,
  });
  expect(line).toMatchObject({ event: "metered", request: "r-1", charged: 110, usd: 0.000154, ending: "finished" });
  expect(line).toMatchObject({ user: "y297ghdtHg8swQRz", plan: "free" });
  expect(errors).not.toHaveBeenCalled();
});

it("a cost above the bound is reported as what is charged, and logged as an error", async () => {
  const { settled, line } = await settle({ kind: "finished" }, usage(5_000_000, 900_000));
  expect(settled).toMatchObject({ usd: 0.001, charged: { input: 1000, output: 0 } });
  expect(line).toMatchObject({ charged: 1000, usd: 0.001 });
  expect(JSON.parse(String(errors.mock.calls[0]?.[0]))).toMatchObject({ event: "bound_exceeded" });
});

it("usage above a bound that a formula or a parser made is charged as it is", async () => {
  const demand = { ...DEMAND, chargesExcess: true };
  const used = usage(1500, 100);
  const { excesses, settled, line } = await settle({ kind: "finished" }, used, undefined, "relayed", [], demand);
  expect(excesses).toEqual([{ tokens: 600, requests: 0, nanoUsd: 1500 * 1100 + 100 * 4400 - 1_000_000 }]);
  expect(settled).toMatchObject({ usd: 0.00209, charged: { input: 1500, output: 100 } });
  expect(line).toMatchObject({ charged: 1600, usd: 0.00209 });
  expect(JSON.parse(String(errors.mock.calls[0]?.[0]))).toMatchObject({ event: "bound_exceeded" });
  // An estimate never exceeds the bound, and neither does usage within it.
  const within = await settle({ kind: "finished" }, usage(100, 10), undefined, "relayed", [], demand);
  expect(within.excesses).toEqual([{ tokens: 0, requests: 0, nanoUsd: 0 }]);
});

it("an estimate uses the exact input count of the bound, and asks for it only when the caller does not wait", async () => {
  const template = 16;
  expect((await settle({ kind: "left" }, undefined, 7)).charges[0]?.tokens).toBe(7 + template);
  const left = await settle({ kind: "left" });
  expect([left.charges[0]?.tokens, left.steps]).toEqual([90 + template, ["slow", "count"]]);
  const finished = await settle({ kind: "finished" });
  expect([finished.charges[0]?.tokens, finished.steps]).toEqual([400 + template, []]);
  expect(left.line).toMatchObject({ estimated: true });
});

it("calls that timed out before are charged on top, and are no further requests", async () => {
  const error = apiError("provider_timeout", "Too late.");
  const first: RequestEnd = {
    lastCandidate: { model: MODEL, exchange: { ask: { endpoint: "chat_completions", demand: DEMAND } } },
    stage: "sent",
    ending: { kind: "timeout", error },
    progress: emptyProgress(),
    otherRequests: 0,
    work: { elapsedMs: 60_000, grantedOutput: 100 },
    timedOut: [],
    count: async () => undefined,
  };
  const { charges } = await settle({ kind: "finished" }, usage(100, 10), undefined, "relayed", [first]);
  expect(charges[0]).toMatchObject({ tokens: 110 + 400 + 16 + 100, requests: 1 });
  const counted = await settle({ kind: "finished" }, usage(100, 10), 7, "relayed", [first]);
  expect(counted.charges[0]).toMatchObject({ tokens: 110 + 7 + 16 + 100 });
});

it("calls that timed out before are charged up to the bound, also where usage above it is charged", async () => {
  const demand = { ...DEMAND, inputBytes: 5000, chargesExcess: true };
  const first: RequestEnd = {
    lastCandidate: { model: MODEL, exchange: { ask: { endpoint: "chat_completions", demand } } },
    stage: "sent",
    ending: { kind: "timeout", error: apiError("provider_timeout", "Too late.") },
    progress: emptyProgress(),
    otherRequests: 0,
    work: { elapsedMs: 60_000, grantedOutput: 100 },
    timedOut: [],
    count: async () => undefined,
  };
  const within = await settle({ kind: "finished" }, usage(100, 10), undefined, "relayed", [first], demand);
  expect(within.excesses).toEqual([{ tokens: 0, requests: 0, nanoUsd: 0 }]);
  expect(errors).not.toHaveBeenCalled();
  const above = await settle({ kind: "finished" }, usage(1500, 0), undefined, "relayed", [first], demand);
  expect(above.excesses).toEqual([{ tokens: 500, requests: 0, nanoUsd: 1500 * 1100 - 1_000_000 }]);
});

it("an answer with usage, and one that the provider refused, are not counted", async () => {
  expect((await settle({ kind: "left" }, usage(100, 10))).steps).toEqual([]);
  const refused = await settle({ kind: "left" }, undefined, undefined, "refused");
  expect([refused.charges, refused.steps]).toEqual([[{ tokens: 0, requests: 1, nanoUsd: 0 }], []]);
});

it("a failure is logged with its code and cause, without its message", async () => {
  const error = apiError("provider_error", "Some text.", { cause: { status: 500, code: null } });
  const { line } = await settle({ kind: "failed", error }, usage(1, 1));
  expect(line).toMatchObject({ ending: "failed", code: "provider_error" });
  expect(JSON.stringify(line)).not.toContain("Some text");
});

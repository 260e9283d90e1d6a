// The tables of docs/settlement.md, row by row: the cost of each ending of a request.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import type { EndingKind, Stage } from "../../../../src/core/quota/ending-cost.ts";
import { costOfEnding } from "../../../../src/core/quota/ending-cost.ts";
import { giveBack, reserve, settle, sweep } from "../../../../src/core/quota/ledger.ts";
import { emptyLedger } from "../../../../src/core/quota/state.ts";
import type { Progress } from "../../../../src/core/relay/answer.ts";
import { emptyProgress } from "../../../../src/core/relay/answer.ts";
import * as v from "valibot";

const card = (changes: object = {}) =>
  v.parse(ModelCard, {
    provider: "house",
    name: "Swift",
    prices: { input: 1, cached_input: 0.5, output: 4 },
    modalities: { input: ["text", "image"], output: ["text"] },
    image_tokens: 1000,
    endpoints: ["chat_completions"],
    snapshots: { "swift-1": {} },
    ...changes,
  });
const CARD = card();

const USAGE = { input: 120, cached: 100, cacheWrite: 0, output: 30, reasoning: 16 };
const DEMAND: Demand = { inputBytes: 1001, images: 0, choices: 1, maxOutputTokens: undefined };

const NOTHING = { tokens: 0, requests: 0, nanoUsd: 0 };
/** Fresh input at 1,000 nano-dollars a token, cached at 500, output at 4,000. */
const THE_USAGE = { tokens: 150, requests: 1, nanoUsd: 20 * 1000 + 100 * 500 + 30 * 4000 };
/** A quarter of 1,001 bytes sent and of 401 bytes relayed, rounded up. */
const ESTIMATE = { tokens: 251 + 101, requests: 1, nanoUsd: 251 * 1000 + 101 * 4000 };
const ONE_REQUEST = { tokens: 0, requests: 1, nanoUsd: 0 };
const WHOLE_BOUND = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, nanoUsd: Number.MAX_SAFE_INTEGER };

const cost = (
  stage: Stage,
  ending: EndingKind,
  progress: Partial<Progress> = {},
  demand: Partial<Demand> = {},
  of: ModelCard | undefined = CARD,
) =>
  costOfEnding({
    stage,
    ending,
    progress: { ...emptyProgress(), outputBytes: 401, ...progress },
    demand: { ...DEMAND, ...demand },
    card: of,
  });

const lostCard = (progress: Partial<Progress>) =>
  costOfEnding({
    stage: "relayed",
    ending: "finished",
    progress: { ...emptyProgress(), ...progress },
    demand: DEMAND,
    card: undefined,
  });

const LIMITS = { windows: [{ unit: "tokens" as const, per: "day" as const, limit: 10_000 }], concurrent: 1 };
const NOON = Date.UTC(2026, 5, 15, 12);
const reserved = () => {
  const bound = { input: 400, output: 100, minOutput: 100, choices: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
  return reserve(emptyLedger(), LIMITS, { key: "one", model: "swift", bound, leaseMs: 60_000 }, NOON).ledger;
};
const settleAt = (ledger: ReturnType<typeof reserved>, now: number) =>
  settle(ledger, { key: "one", charge: THE_USAGE }, now).ledger;
const usedTokens = (ledger: ReturnType<typeof reserved>) => ledger.used["tokens/day"]?.amount;

/** Each row of the document's tables and its cases: a cost, and what it must be. */
const ROWS: Record<string, [actual: unknown, expected: unknown][]> = {
  "Weir refused: token, body, model, quota": [[cost("unsent", "failed"), NOTHING]],
  "the provider refused with a status": [[cost("unsent", "failed"), NOTHING]],
  "the connection failed, or no first byte came in time": [[cost("sent", "failed"), NOTHING]],
  "the first event of a stream was an error": [[cost("sent", "failed"), NOTHING]],
  "a fallback answered after that": [[cost("relayed", "finished", { usage: USAGE }), THE_USAGE]],
  "the answer is complete": [
    [cost("answering", "finished", { usage: USAGE }), THE_USAGE],
    [cost("relayed", "finished", { usage: USAGE }), THE_USAGE],
    [cost("relayed", "finished"), ESTIMATE],
  ],
  "an answer that is not streamed broke off": [
    [cost("answering", "failed"), ESTIMATE],
    [cost("answering", "failed", { usage: USAGE }), THE_USAGE],
  ],
  "the stream broke off in the middle": [
    [cost("relayed", "failed"), ESTIMATE],
    [cost("relayed", "failed", { usage: USAGE }), THE_USAGE],
  ],
  "the caller left before the provider was called": [[cost("unsent", "left"), NOTHING]],
  "the caller left before the first byte": [[cost("sent", "left"), ESTIMATE]],
  "the caller left in the middle of the answer": [
    [cost("relayed", "left"), ESTIMATE],
    [cost("relayed", "left", { usage: USAGE }), THE_USAGE],
  ],
  "the gate blocked the input before the provider was called": [[cost("unsent", "blocked"), NOTHING]],
  "the gate blocked the input while the model began to answer": [
    [cost("sent", "blocked"), ESTIMATE],
    [cost("answering", "blocked", { usage: USAGE }), THE_USAGE],
  ],
  "the gate blocked the answer": [
    [cost("relayed", "blocked"), ESTIMATE],
    [cost("relayed", "blocked", { usage: USAGE }), THE_USAGE],
  ],
  "moderation of the input failed": [
    [cost("unsent", "withheld"), NOTHING],
    [cost("sent", "withheld"), NOTHING],
    [cost("answering", "withheld", { usage: USAGE }), NOTHING],
  ],
  "moderation of the rest of a stream failed": [
    [cost("relayed", "withheld"), ESTIMATE],
    [cost("relayed", "withheld", { usage: USAGE }), THE_USAGE],
  ],
  "a free request was answered": [
    [cost("answering", "finished", { usage: USAGE }, { free: true }), ONE_REQUEST],
    [cost("sent", "left", {}, { free: true }), ONE_REQUEST],
  ],
  "a free request failed": [
    [cost("answering", "failed", {}, { free: true }), NOTHING],
    [cost("sent", "failed", {}, { free: true }), NOTHING],
  ],
  "work that went on after its request has ended": [[cost("relayed", "finished", { usage: USAGE }), THE_USAGE]],
  "such work has ended, and its usage is not known": [
    [cost("relayed", "unknown"), WHOLE_BOUND],
    [cost("relayed", "unknown", { usage: USAGE }), THE_USAGE],
    [lostCard({ usage: USAGE }), WHOLE_BOUND],
  ],
  "the settlement never came (the Worker died)": [
    [usedTokens(sweep(reserved(), NOON + 59_999)), 0],
    [usedTokens(sweep(reserved(), NOON + 60_000)), 500],
  ],
  "the settlement came later, within an hour": [
    [usedTokens(settleAt(reserved(), NOON + 120_000)), 150],
    [usedTokens(settleAt(settleAt(reserved(), NOON + 120_000), NOON + 130_000)), 150],
    [usedTokens(settleAt(sweep(reserved(), NOON + 3_700_000), NOON + 3_700_000)), 500],
  ],
  "the answer to the reservation was lost: 503": [
    [usedTokens(giveBack(reserved(), "one", NOON).ledger), 0],
    [Object.keys(giveBack(reserved(), "one", NOON).ledger.leases), []],
  ],
  "the work goes on at the provider after its request": [[usedTokens(sweep(reserved(), NOON + 1000)), 0]],
  "the acknowledgement of such work was lost": [[usedTokens(sweep(reserved(), NOON + 60_000)), 500]],
};

describe("the tables of endings", () => {
  it("have the rows of docs/settlement.md, in their order", () => {
    const tables = readFileSync("docs/settlement.md", "utf8").match(/\| what happened[\s\S]*?\n\n/g) ?? [];
    const rows = tables.flatMap((table) => table.trim().split("\n").slice(2));
    expect(rows.map((row) => row.split("|")[1]?.trim())).toEqual(Object.keys(ROWS));
  });

  it.each(Object.entries(ROWS))("%s", (_, cases) => {
    for (const [actual, expected] of cases) expect(actual).toEqual(expected);
  });
});

/** The tokens of an answer without usage, for 1000 bytes of input. */
const estimate = (progress: Partial<Progress>, demand: Partial<Demand>, of = CARD) =>
  cost("relayed", "failed", { outputBytes: 0, ...progress }, { inputBytes: 1000, ...demand }, of).tokens;

describe("the estimate", () => {
  const reasoning = card({ reasoning: { efforts: ["low"], allowance: 1024 } });
  it.each([
    ["counts each image at its ceiling", {}, { images: 2 }, 250 + 2 * 1000],
    ["takes the exact count of the input where there is one", {}, { images: 2, exactInput: 90 }, 90],
    ["adds what the provider adds to the input", {}, { addedTokens: 500 }, 250 + 500],
    [
      "adds what the calls of tools may have shown the model",
      { providerToolCalls: 2 },
      { toolCalls: { most: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 0 } },
      250 + 16_000,
    ],
    ["is never nothing", {}, { inputBytes: 0 }, 1],
  ] as const)("%s", (_, progress, demand, tokens) => {
    expect(estimate(progress, demand)).toBe(tokens);
  });

  it("adds the card's allowance when the model reasons", () => {
    expect(estimate({ outputBytes: 400 }, {}, reasoning)).toBe(250 + 100 + 1024);
  });
});

/** The nano-dollars beside those of the tokens. */
const charged = (demand: Partial<Demand>, progress: Partial<Progress> = {}, of = CARD) =>
  cost("relayed", "finished", { usage: USAGE, ...progress }, demand, of).nanoUsd - THE_USAGE.nanoUsd;

describe("beside tokens, a request is charged", () => {
  it("each call of a tool that the provider ran", () => {
    const toolCalls = { most: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 10_000_000 };
    expect(charged({ toolCalls }, { providerToolCalls: 3 })).toBe(30_000_000);
    expect(charged({ toolCalls })).toBe(0);
  });

  it("units that are not tokens, and seconds of audio as the provider counted them", () => {
    const prices = { input: 1, cached_input: 0.5, output: 4, minute_of_audio: 0.006, million_characters: 15 };
    const speech = card({ prices });
    expect(charged({ units: { characters: 1000 } }, {}, speech)).toBe(15_000_000);
    expect(charged({ units: { audioSeconds: 60 } }, {}, speech)).toBe(6_000_000);
    expect(charged({ units: { audioSeconds: 60 } }, { usage: { ...USAGE, audioSeconds: 30 } }, speech)).toBe(3_000_000);
  });
});

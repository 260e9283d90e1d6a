// The tables of docs/settlement.md, row by row: the cost of each ending of a request.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ModelCard } from "../../../../src/core/catalog/card.ts";
import type { Demand } from "../../../../src/core/quota/bound.ts";
import type { EndedRequest, Stage } from "../../../../src/core/quota/ending-cost.ts";
import { costOfEnding } from "../../../../src/core/quota/ending-cost.ts";
import { sweep } from "../../../../src/core/quota/expiry.ts";
import { giveBack, reserve, settle } from "../../../../src/core/quota/ledger.ts";
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
    max_tokens_per_second: 100,
    endpoints: ["chat_completions"],
    snapshots: { "swift-1": {} },
    ...changes,
  });
const CARD = card();

const USAGE = { input: 120, cached: 100, cacheWrite: 0, output: 30, reasoning: 16 };
/** Usage that came with the end of an answer. */
const FINAL = { usage: USAGE, finish: "stop" } as const;
const DEMAND: Demand = { inputBytes: 1001, images: 0, choices: 1, maxOutputTokens: undefined };

const NOTHING = { tokens: 0, requests: 0, nanoUsd: 0 };
/** Fresh input at 1,000 nano-dollars a token, cached at 500, output at 4,000. */
const THE_USAGE = { tokens: 150, requests: 1, nanoUsd: 20 * 1000 + 100 * 500 + 30 * 4000 };
/** All 1,001 bytes sent and the template, and half of the 401 bytes relayed. */
const ESTIMATE = { tokens: 1017 + 201, requests: 1, nanoUsd: 1017 * 1000 + 201 * 4000 };
const ONE_REQUEST = { tokens: 0, requests: 1, nanoUsd: 0 };
const WHOLE_BOUND = { tokens: Number.MAX_SAFE_INTEGER, requests: 1, nanoUsd: Number.MAX_SAFE_INTEGER };

/** A second of work, in which the model generates at most 100 tokens. */
const WORK = { elapsedMs: 1000, grantedOutput: 5000 };
const TOOLS = { toolCalls: { most: 8, inputTokensPerCall: 8000, nanoUsdPerCall: 0 } };

const cost = (
  stage: Stage,
  ending: EndedRequest["ending"],
  progress: Partial<Progress> = {},
  demand: Partial<Demand> = {},
  changes: Partial<EndedRequest> = {},
) =>
  costOfEnding({
    stage,
    ending,
    progress: { ...emptyProgress(), outputBytes: 401, ...progress },
    demand: { ...DEMAND, ...demand },
    card: CARD,
    requests: stage === "unsent" ? 0 : 1,
    work: WORK,
    ...changes,
  });

const LIMITS = { windows: [{ unit: "tokens" as const, per: "day" as const, limit: 10_000 }], concurrent: 1 };
const NOON = Date.UTC(2026, 5, 15, 12);
const reserved = () => {
  const bound = { input: 400, output: 100, minOutput: 100, choices: 1, requests: 1, inputNanoUsd: 0, outputNanoUsd: 0 };
  return reserve(emptyLedger(), LIMITS, { key: "one", model: "swift", bound, leaseMs: 60_000 }, NOON).ledger;
};
const settleAt = (ledger: ReturnType<typeof reserved>, now: number) =>
  settle(ledger, { key: "one", charge: THE_USAGE }, now).ledger;
const usedTokens = (ledger: ReturnType<typeof reserved>) => ledger.used["tokens/day"]?.amount;

/** Each row of the document's tables and its cases: a cost, and what it must be. */
const ROWS: Record<string, [actual: unknown, expected: unknown][]> = {
  "Weir refused: token, body, model, quota": [[cost("unsent", "failed"), NOTHING]],
  "the provider refused with a status": [[cost("refused", "failed"), ONE_REQUEST]],
  // The request itself, and what the settlement adds for the call.
  "the provider timed out (408, 504 or 524)": [
    [cost("refused", "failed"), ONE_REQUEST],
    [cost("sent", "timeout"), ESTIMATE],
  ],
  "the connection failed": [[cost("sent", "failed"), ONE_REQUEST]],
  "the first event of a stream was an error": [[cost("sent", "failed"), ONE_REQUEST]],
  "a fallback answered after one of these": [[cost("relayed", "finished", { usage: USAGE }), THE_USAGE]],
  "no first byte came in time": [[cost("sent", "timeout"), ESTIMATE]],
  "the answer fell silent, or took too long in total": [
    [cost("relayed", "timeout"), ESTIMATE],
    [cost("answering", "timeout"), ESTIMATE],
    [cost("relayed", "timeout", FINAL), THE_USAGE],
  ],
  "the answer is complete": [
    [cost("answering", "finished", { usage: USAGE }), THE_USAGE],
    [cost("relayed", "finished", { usage: USAGE }), THE_USAGE],
    [cost("relayed", "finished"), ESTIMATE],
  ],
  "the answer exceeded the granted output, and Weir ended it": [
    [cost("relayed", "finished", { overran: true }), ESTIMATE],
    [cost("relayed", "finished", { overran: true, usage: USAGE }), THE_USAGE],
  ],
  "an answer that is not streamed broke off": [
    [cost("answering", "failed"), ESTIMATE],
    [cost("answering", "failed", { usage: USAGE }), THE_USAGE],
  ],
  "the stream broke off in the middle": [
    [cost("relayed", "failed"), ESTIMATE],
    [cost("relayed", "failed", FINAL), THE_USAGE],
  ],
  "the caller left before the provider was called": [[cost("unsent", "left"), NOTHING]],
  "the caller left before the first byte": [[cost("sent", "left"), ESTIMATE]],
  "the caller left in the middle of the answer": [
    [cost("relayed", "left"), ESTIMATE],
    [cost("relayed", "left", FINAL), THE_USAGE],
  ],
  "the caller cancelled a run": [
    [cost("unsent", "cancelled"), NOTHING],
    [cost("refused", "cancelled"), ONE_REQUEST],
    [cost("sent", "cancelled"), ESTIMATE],
    [cost("relayed", "cancelled"), ESTIMATE],
    [cost("relayed", "cancelled", FINAL), THE_USAGE],
    [cost("relayed", "cancelled", {}, TOOLS), WHOLE_BOUND],
  ],
  "the gate blocked the input before the provider was called": [
    [cost("unsent", "blocked", {}, {}, { requests: 3 }), { ...NOTHING, requests: 3 }],
  ],
  "the gate blocked the input while the model began to answer": [
    [cost("sent", "blocked"), ESTIMATE],
    [cost("answering", "blocked", { usage: USAGE }), THE_USAGE],
  ],
  "the gate blocked the answer": [
    [cost("relayed", "blocked"), ESTIMATE],
    [cost("relayed", "blocked", FINAL), THE_USAGE],
  ],
  "the gate failed before the provider was called": [
    [cost("unsent", "withheld", {}, {}, { requests: 1 }), ONE_REQUEST],
  ],
  "the gate failed while the provider worked": [
    [cost("sent", "withheld"), ESTIMATE],
    [cost("answering", "withheld", { usage: USAGE }), THE_USAGE],
    [cost("relayed", "withheld"), ESTIMATE],
  ],
  "a free request was answered, or failed": [
    [cost("answering", "finished", { usage: USAGE }, { free: true }), ONE_REQUEST],
    [cost("sent", "left", {}, { free: true }), ONE_REQUEST],
    [cost("answering", "failed", {}, { free: true }), ONE_REQUEST],
  ],
  "work that went on after its request has ended": [[cost("relayed", "finished", { usage: USAGE }), THE_USAGE]],
  "such work has ended, and its usage is not known": [
    [cost("relayed", "finished", {}, {}, { work: undefined }), WHOLE_BOUND],
    [cost("relayed", "finished", { usage: USAGE }, {}, { card: undefined }), WHOLE_BOUND],
  ],
  "the provider could call tools, and reported no usage": [
    [cost("relayed", "left", {}, TOOLS), WHOLE_BOUND],
    [cost("relayed", "left", FINAL, TOOLS), THE_USAGE],
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

const image = { tokens: 5000, isChargedWhole: true };
const speech = { tokens: 5000, isChargedWhole: false };

/** The tokens of an answer without usage, for 1,000 bytes of input. */
const estimate = (progress: Partial<Progress>, demand: Partial<Demand>, changes: Partial<EndedRequest> = {}) =>
  cost("relayed", "left", { outputBytes: 0, ...progress }, { inputBytes: 1000, ...demand }, changes).tokens;

describe("the estimate", () => {
  const TEMPLATE = 16;
  it.each<[string, Partial<Progress>, Partial<Demand>, Partial<EndedRequest>, number]>([
    ["counts each image at its ceiling", {}, { images: 2 }, {}, 1000 + 2 * 1000 + 100],
    ["takes the exact count of the input where there is one", {}, { images: 2, exactInput: 90 }, {}, 90 + 100],
    ["adds what the provider adds to the input", {}, { addedTokens: 500 }, {}, 1000 + 500 + 100],
    ["grows with the time that the model had", {}, {}, { work: { ...WORK, elapsedMs: 2500 } }, 1000 + 250],
    ["counts the speed of each choice", {}, { choices: 3 }, {}, 1000 + 300],
    ["counts text that came faster than the card says", { outputBytes: 4000 }, {}, {}, 1000 + 2000],
    ["has no more output than was granted", {}, {}, { work: { ...WORK, grantedOutput: 40 } }, 1000 + 40],
    ["counts the tokens of relayed speech, not its bytes", { outputBytes: 90_000, relayedTokens: 300 }, {}, {}, 1300],
    ["is the whole grant of output that costs the same in any case", {}, { fixedOutput: image }, {}, 1000 + 5000],
    ["grows with the time for other fixed output", {}, { fixedOutput: speech }, {}, 1000 + 100],
  ])("%s", (_, progress, demand, changes, tokens) => {
    expect(estimate(progress, demand, changes)).toBe(tokens + TEMPLATE);
  });

  it("replaces usage that came before the end, unless that is more", () => {
    const early = { usage: { ...USAGE, output: 1 }, outputBytes: 0 };
    expect(cost("relayed", "left", early)).toEqual({
      ...ESTIMATE,
      tokens: 1017 + 100,
      nanoUsd: 1017 * 1000 + 100 * 4000,
    });
    const more = { input: 2000, cached: 0, cacheWrite: 0, output: 300, reasoning: 0 };
    expect(cost("relayed", "timeout", { usage: more })).toMatchObject({
      tokens: 2300,
      nanoUsd: 2000 * 1000 + 300 * 4000,
    });
    expect(cost("relayed", "left", early, TOOLS)).toEqual(WHOLE_BOUND);
    expect(cost("relayed", "left", { ...early, ended: true }).tokens).toBe(121);
    const error = { message: "", type: "", param: null, code: null };
    expect(cost("relayed", "failed", { ...early, error }).tokens).toBe(121);
  });

  it("has the dollars of the dearest input, as the bound has", () => {
    const cacheWrite = card({ prices: { input: 1, cache_write: 1.25, output: 4 } });
    const { nanoUsd } = cost("relayed", "left", {}, {}, { card: cacheWrite });
    expect(nanoUsd).toBe(1017 * 1250 + 201 * 4000);
  });
});

/** The nano-dollars beside those of the tokens. */
const charged = (demand: Partial<Demand>, progress: Partial<Progress> = {}, of = CARD) =>
  cost("relayed", "finished", { usage: USAGE, ...progress }, demand, { card: of }).nanoUsd - THE_USAGE.nanoUsd;

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

// Random batches: the provider's own count and the ledgers of the user and of the budget agree.

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { BilledRequest } from "../../../../dev/provider/kernel/bill.ts";
import type { Bindings } from "../../../../src/core/env.ts";
import type { Caller } from "../../../../src/core/gateway/call.ts";
import type { JobEnd } from "../../../../src/core/jobs/job-kind.ts";
import { toBound } from "../../../../src/core/quota/bound.ts";
import { toLimits } from "../../../../src/core/quota/limits.ts";
import { batchKind } from "../../../../src/features/files-batch/batch-kind.ts";
import type { BatchFacts } from "../../../../src/features/files-batch/batch-scan.ts";
import { createBatchScan } from "../../../../src/features/files-batch/batch-scan.ts";
import { openBook } from "../../../core/support/quota-book.ts";
import provider from "../../../../dev/provider/index.ts";
import { emulatedEnv, readJson, scriptedText, send } from "../../../provider/support/client.ts";
import { createDollarCatalog } from "../../../support/catalog.ts";
import { linesOf, uploaded } from "../support/emulated-batch.ts";

const RUNS = 200;
const KEY = "00000000-0000-4000-8000-000000000001";
/** Above this many input tokens, a line has the rates of long contexts. */
const LONG = 60;
const CATALOG = createDollarCatalog(1000);
const CARDS = Object.values(CATALOG.cards);
for (const { prices } of CARDS) {
  if (prices?.batch) prices.long_context = { above_input_tokens: LONG, input_times: 2, output_times: 1.5 };
}
const { roomy } = CATALOG.plans;
const env = {
  UPSTREAM: { fetch: (request: Request) => provider.fetch(request, emulatedEnv) },
  PROVIDER_HOSTS: "api.openai.com",
  OPENAI_API_KEY: "emulated-key",
} as unknown as Bindings;

const words = fc.array(fc.constantFrom("river", "water", "Fluß", "流れ", "🌊"), { minLength: 1, maxLength: 40 });
const line = fc.record({
  tokens: fc.nat(60),
  reasoning: fc.nat(40),
  text: words.map((each) => each.join(" ")),
  no_usage: fc.nat(30).map((chance) => chance === 0),
});
type RandomLine = (typeof line extends fc.Arbitrary<infer Value> ? Value : never) & { content: string };

/** The body of a line for each route. */
const BODIES: Record<string, (line: RandomLine) => object> = {
  "/v1/chat/completions": ({ content }) => ({
    model: "o4-mini-2025-04-16",
    messages: [{ role: "user", content }],
    max_completion_tokens: 100,
  }),
  "/v1/responses": ({ content }) => ({
    model: "gpt-5-mini",
    input: content,
    max_output_tokens: 100,
    store: false,
  }),
  "/v1/embeddings": ({ content }) => ({ model: "text-embedding-3-small", input: content, dimensions: 4 }),
};

const batch = fc.record({
  url: fc.constantFrom(...Object.keys(BODIES)),
  lines: fc.array(line, { minLength: 1, maxLength: 6 }),
  script: fc.record({
    fail_lines: fc.subarray([1, 2, 3, 4, 5, 6]),
    expire_after_lines: fc.option(fc.nat(6), { nil: undefined, freq: 3 }),
    batch_fails: fc.nat(15).map((chance) => chance === 0),
    no_output: fc.nat(10).map((chance) => chance === 0),
    no_batch_usage: fc.boolean(),
  }),
  /** The part of its time after which it is cancelled. */
  cancelledAt: fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), { nil: undefined }),
});
type RandomBatch = typeof batch extends fc.Arbitrary<infer Value> ? Value : never;

let batches = 0;

beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterAll(() => void vi.useRealTimers());

/** Scans, reserves, runs and settles a batch. Returns what was charged, billed and reserved. */
async function play({ url, lines, script, cancelledAt }: RandomBatch) {
  if (!roomy) throw new Error("there is no plan 'roomy'");
  const name = `batch${batches++}`;
  const bodies = lines.map(({ text, ...rest }) => {
    const given = url === "/v1/embeddings" ? { no_usage: rest.no_usage } : rest;
    const content = scriptedText(given, `emulate-bill-${name} ${text}`);
    return BODIES[url]?.({ ...rest, text, content }) ?? {};
  });
  const text = linesOf(bodies, url);
  const scan = createBatchScan({ catalog: CATALOG } as Caller, roomy);
  for (const [index, each] of text.trimEnd().split("\n").entries()) await scan.add(each, index + 1);
  const facts = JSON.parse(scan.conclude() ?? "") as BatchFacts;

  const [user, budget] = [openBook(toLimits(roomy), Date.now()), openBook(toLimits(roomy), Date.now())];
  const { tokens, nanoUsd, snapshot, prices } = facts;
  const card = CARDS.find(({ snapshots }) => snapshot in snapshots);
  if (!card) throw new Error(`there is no card of '${snapshot}'`);
  const demand = { inputBytes: 0, images: 0, choices: 1, maxOutputTokens: undefined, total: { tokens, nanoUsd } };
  const bound = toBound(demand, card, roomy, 256);
  for (const book of [user, budget])
    expect(book.reserve(KEY, bound, 1e9, "m", undefined, "batch")).toMatchObject({ ok: true });

  const known = Object.fromEntries(Object.entries(script).filter(([, value]) => value !== undefined));
  const emulate = JSON.stringify({ batch_seconds: 100, cancel_seconds: 5, ...known });
  const input_file_id = await uploaded(text);
  const body = { input_file_id, endpoint: url, completion_window: "24h", metadata: { emulate, weir_job: KEY + name } };
  await send("POST", "/v1/batches", body);
  const place = { env, provider: CATALOG.providers["openai"] as never, signal: new AbortController().signal };
  const job = { key: KEY + name, owner: "q1:owner", snapshot, createdAt: 0, terms: { url, tokens, nanoUsd, prices } };
  const id = (await batchKind.find(place, job)) ?? "";

  let end: JobEnd | undefined;
  for (let second = 0; !end; second += 9) {
    if (cancelledAt !== undefined && second >= 100 * cancelledAt) await batchKind.cancel(place, id);
    end = (await batchKind.check(place, job, id)).ended;
    vi.setSystemTime(Date.now() + 9000);
  }
  // A second check and a second settlement have no effect.
  expect((await batchKind.check(place, job, id)).ended).toEqual(end);
  for (const book of [user, user, budget]) book.settle(KEY, end.charge.tokens, end.charge.requests, end.charge.nanoUsd);
  expect(budget.view()).toEqual(user.view());
  const [tokensUse, usdUse] = [user.tokens(), user.use("usd")];
  return {
    end,
    reserved: [tokensUse.reserved, usdUse.reserved],
    charged: [BigInt(tokensUse.used), BigInt(usdUse.used)] as const,
    billed: priceOf(await readJson<BilledRequest[]>(await send("GET", `/__stats/billed/${name}`)), prices ?? {}),
    bound: [BigInt(tokens), BigInt(nanoUsd)] as const,
  };
}

/** Pico-dollars per token. */
const picoOf = (usd: number | undefined, times: number) => BigInt(Math.round((usd ?? 0) * times * 1e6));

/** The tokens and nano-dollars of bills, with each line at its own rates. */
function priceOf(bills: BilledRequest[], prices: { input?: number | undefined; output?: number | undefined }) {
  let [tokens, nanoUsd] = [0n, 0n];
  for (const { input, output, batch: isLine } of bills) {
    expect(isLine).toBe(true);
    const [inputTimes, outputTimes] = input > LONG ? [2, 1.5] : [1, 1];
    const pico = BigInt(input) * picoOf(prices.input, inputTimes) + BigInt(output) * picoOf(prices.output, outputTimes);
    tokens += BigInt(input + output);
    nanoUsd += (pico + 999n) / 1000n;
  }
  return [tokens, nanoUsd] as const;
}

it(`the provider's count and the ledgers agree over ${RUNS} random batches`, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  let exact = 0;
  // The emulated batch's sum lacks lines without usage. Without the output too, nobody could know their cost.
  const known = batch.filter(({ lines, script }) => !script.no_output || !lines.some(({ no_usage }) => no_usage));
  const property = fc.asyncProperty(known, async (given) => {
    const { end, reserved, charged, billed, bound } = await play(given);
    expect(end.excess).toEqual({ tokens: 0, requests: 0, nanoUsd: 0 });
    expect(reserved).toEqual([0, 0]);
    const isWhole = !given.script.no_output && !given.lines.some(({ no_usage }) => no_usage);
    if (isWhole) {
      exact += 1;
      expect(charged).toEqual(billed);
    }
    // Where a part of the usage is not known, the charge is between the bill and the bound.
    for (const unit of [0, 1] as const) {
      expect(charged[unit]).toBeGreaterThanOrEqual(billed[unit]);
      expect(charged[unit]).toBeLessThanOrEqual(bound[unit]);
    }
  });
  await fc.assert(property, { numRuns: RUNS, seed });
  expect(exact, `SEED=${seed}`).toBeGreaterThan(RUNS / 2);
});

// Streams with random endings. Afterwards every ledger must have the costs of docs/settlement.md.

import * as fc from "fast-check";
import { expect } from "vitest";
import { findModel } from "../../dev/provider/kernel/catalog.ts";
import { reasoningTokens } from "../../dev/provider/kernel/request/output-budget.ts";
import { countPrompt, emptyPrompt } from "../../dev/provider/kernel/request/prompt.ts";
import type { Script } from "../../dev/provider/kernel/script.ts";
import type { Caller } from "./caller.ts";
import { PROVIDER_DAY } from "./catalog.ts";
import { estimateOf, TEMPLATE_TOKENS } from "./estimate.ts";
import { readSaid } from "./said.ts";
import type { Surface } from "./surface.ts";
import type { startWeir } from "./weir.ts";

interface RandomStream {
  surface: Surface;
  script: Script;
  /** Whether its caller leaves after the first bytes. */
  leaves: boolean;
}

/** The least and the most that a stream can cost: equal unless its caller left. */
interface Cost {
  least: number;
  most: number;
  requests: number;
}

const USERS = 40;
/** Streams at the same time. */
export const LANES = 50;
const FREE: Cost = { least: 0, most: 0, requests: 0 };

const tokens = fc.integer({ min: 0, max: 60 });
const delay_ms = fc.integer({ min: 0, max: 2 });
/** An answer breaks off after this many words. */
const word = fc.integer({ min: 0, max: 40 });
const LONGER = { tokens: fc.constant(50), delay_ms: fc.constant(1) };
const scripts: fc.Arbitrary<Script> = fc.oneof(
  fc.record({ tokens, delay_ms, reasoning: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ tokens, delay_ms, split: fc.integer({ min: 100, max: 1000 }) }),
  fc.record({ tokens, delay_ms, no_usage: fc.constant(true) }),
  fc.record({ ...LONGER, cut_after: word }),
  fc.record({ ...LONGER, error_after: word, flat_error: fc.boolean() }),
  fc.record({ status: fc.constantFrom(400, 401, 404, 429, 500, 503) }),
);
/** Too long to end during the test. */
const ENDLESS: Script = { tokens: 2000, delay_ms: 5 };

function randomStreams(surfaces: Surface[], count: number, seed: number): RandomStream[] {
  const surface = fc.constantFrom(...surfaces);
  const heard = fc.record({ surface, script: scripts, leaves: fc.constant(false) });
  const left = fc.record({ surface, script: fc.constant(ENDLESS), leaves: fc.constant(true) });
  const streams = fc.oneof({ weight: 5, arbitrary: heard }, { weight: 1, arbitrary: left });
  return fc.sample(streams, { numRuns: count, seed });
}

/** Requests a stream and returns its cost, by the bytes that its caller received. */
async function play(caller: Caller, { surface, script, leaves }: RandomStream): Promise<Cost> {
  const body = surface.body(script, true);
  const control = new AbortController();
  const response = await caller.post(surface.path, body, { signal: control.signal });
  const text = leaves ? await readFirst(response) : await response.text();
  control.abort();
  if (response.status !== 200) return FREE;

  const bound = surface.shown(body) + TEMPLATE_TOKENS + Number(response.headers.get("weir-max-output-tokens"));
  const estimate = Math.min(bound, estimateOf(surface, body, readSaid(text).length));
  if (leaves) return { least: estimate, most: bound, requests: 1 };
  const failed = surface.failure(text) !== undefined;
  const snapshot = response.headers.get("weir-model") ?? "";
  const counted = failed ? countUntilError(surface, script, body, snapshot) : surface.tokens(text, true);
  const cost = Number.isNaN(counted) ? estimate : counted;
  return { least: cost, most: cost, requests: 1 };
}

/** The provider's usage in the `response.failed` that follows its error over Responses; NaN where there is none. */
function countUntilError(surface: Surface, script: Script, body: Record<string, unknown>, snapshot: string): number {
  const { error_after: said } = script;
  if (said === undefined || surface.upstream !== "/v1/responses") return NaN;
  const { card } = findModel(snapshot, new Date(PROVIDER_DAY));
  const prompt = countPrompt({ ...emptyPrompt(), texts: [String(body.input)], entries: 1 });
  return prompt + reasoningTokens(card, undefined) + said;
}

async function readFirst(response: Response): Promise<string> {
  const first = await response.body?.getReader().read();
  return new TextDecoder().decode(first?.value);
}

const total = (costs: Cost[], of: keyof Cost) => costs.reduce((sum, cost) => sum + cost[of], 0);

/**
 * Requests `count` streams on these surfaces and checks every ledger. SEED in the environment repeats a run. The
 * catalog must allow LANES running requests per user.
 */
export async function checkRandomEndings(
  weir: Awaited<ReturnType<typeof startWeir>>,
  surfaces: Surface[],
  count: number,
): Promise<void> {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const users = await Promise.all(
    Array.from({ length: USERS }, async () => ({ caller: await weir.createUser(), costs: [] as Cost[] })),
  );
  const queue = randomStreams(surfaces, count, seed).entries();
  const lane = async () => {
    for (const [index, stream] of queue) {
      const user = users[index % USERS];
      user?.costs.push(await play(user.caller, stream));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  for (const [index, { caller, costs }] of users.entries()) {
    const context = `user ${index} of the run with SEED=${seed}`;
    const spent = await caller.settled();
    expect(spent, context).toMatchObject({ requests: total(costs, "requests"), reserved: 0 });
    expect(spent.tokens, context).toBeGreaterThanOrEqual(total(costs, "least"));
    expect(spent.tokens, context).toBeLessThanOrEqual(total(costs, "most"));
  }
  const { requests, active } = await weir.emulation.idle();
  expect({ requests, active }, `SEED=${seed}`).toEqual({ requests: count, active: 0 });
}

// Streams with random endings over both of OpenAI's endpoints: those of random-streams.ts, and what such a stream costs
// when it was had over Responses.

import * as fc from "fast-check";
import { findModel } from "../../dev/provider/kernel/catalog.ts";
import { reasoningTokens } from "../../dev/provider/kernel/request/output-budget.ts";
import { countPrompt, emptyPrompt } from "../../dev/provider/kernel/request/prompt.ts";
import type { Script } from "../../dev/provider/kernel/script.ts";
import { PROVIDER_DAY } from "./catalog.ts";
import { bundledCard } from "./catalog-documents.ts";
import type { Caller } from "./caller.ts";
import type { Cost, RandomStream } from "./random-streams.ts";
import { play, randomStreams, saidIn } from "./random-streams.ts";
import { OPENAI, RESPONSES, SLIM, SLIM_RESPONSES } from "./surface.ts";

const TEMPLATE_TOKENS = 16;
const FREE: Cost = { least: 0, most: 0, requests: 0 };
/** The model's, and the one's that is like it. */
const ALLOWANCE = bundledCard("o4-mini").reasoning?.allowance ?? 0;

const choice = fc.record({
  surface: fc.constantFrom(SLIM, OPENAI, RESPONSES, SLIM_RESPONSES),
  /** Which of the two shapes its error has, if it comes to one. */
  flat_error: fc.boolean(),
});

/** That many streams; the same ones for the same seed. */
export function randomStreamsOfAll(count: number, seed: number): RandomStream[] {
  const choices = fc.sample(choice, { numRuns: count, seed });
  const streams = randomStreams(count, seed).entries();
  return Array.from(streams, ([index, stream]) => {
    const { surface = stream.surface, flat_error = false } = choices[index] ?? {};
    return { ...stream, surface, script: { ...stream.script, flat_error } };
  });
}

/** Plays a stream to its end, and gives what it costs by what its caller saw. */
export function playAny(caller: Caller, stream: RandomStream): Promise<Cost> {
  return stream.surface === SLIM || stream.surface === OPENAI ? play(caller, stream) : playResponses(caller, stream);
}

async function playResponses(caller: Caller, { surface, script, leaves }: RandomStream): Promise<Cost> {
  const body = surface.body(script, true);
  const control = new AbortController();
  const response = await caller.post(surface.path, body, { signal: control.signal });
  const text = leaves ? await readFirst(response) : await response.text();
  control.abort();
  if (response.status !== 200) return FREE;

  const inputBytes = surface.shown(body);
  const bound = inputBytes + TEMPLATE_TOKENS + Number(response.headers.get("weir-max-output-tokens"));
  const said = Math.ceil(saidIn(text).length / 4);
  const estimate = Math.min(bound, Math.ceil(inputBytes / 4) + said + ALLOWANCE);
  if (leaves) return { least: estimate, most: bound, requests: 1 };
  const failed = surface.failure(text) !== undefined;
  const snapshot = response.headers.get("weir-model") ?? "";
  const counted = failed ? countUntilError(script, body, snapshot) : surface.tokens(text, true);
  const cost = Number.isNaN(counted) ? estimate : counted;
  return { least: cost, most: cost, requests: 1 };
}

/** What the provider counts in the `response.failed` that follows its error; NaN when it was cut off before. */
function countUntilError({ error_after: said }: Script, { input }: Record<string, unknown>, snapshot: string): number {
  if (said === undefined) return NaN;
  const { card } = findModel(snapshot, new Date(PROVIDER_DAY));
  const prompt = countPrompt({ ...emptyPrompt(), texts: [String(input)], entries: 1 });
  return prompt + reasoningTokens(card, undefined) + said;
}

async function readFirst(response: Response): Promise<string> {
  const first = await response.body?.getReader().read();
  return new TextDecoder().decode(first?.value);
}

// Streams with random endings: how each is asked for, what its caller saw of it, and what it then costs by the rules of
// docs/settlement.md.

import * as fc from "fast-check";
import type { Script } from "../../dev/provider/kernel/script.ts";
import { bundledCard } from "./catalog-documents.ts";
import type { Caller } from "./caller.ts";
import { readEvents } from "./events.ts";
import { shownBytes } from "./shown-input.ts";
import type { Surface } from "./surface.ts";
import { OPENAI, SLIM } from "./surface.ts";

export interface RandomStream {
  surface: Surface;
  script: Script;
  /** Whether its caller leaves after the first bytes. */
  leaves: boolean;
}

/** The least and the most that a stream may be charged: the same number unless its caller left. */
export interface Cost {
  least: number;
  most: number;
  requests: number;
}

const TEMPLATE_TOKENS = 16;
const ALLOWANCE = bundledCard("o4-mini").reasoning?.allowance ?? 0;
const FREE: Cost = { least: 0, most: 0, requests: 0 };

const tokens = fc.integer({ min: 0, max: 60 });
const delay = fc.integer({ min: 0, max: 2 });
/** The word after which an answer breaks off. */
const word = fc.integer({ min: 0, max: 40 });
const LONGER = { tokens: fc.constant(50), delay_ms: fc.constant(1) };

const script: fc.Arbitrary<Script> = fc.oneof(
  fc.record({ tokens, delay_ms: delay, reasoning: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ tokens, delay_ms: delay, split: fc.integer({ min: 100, max: 1000 }) }),
  fc.record({ tokens, delay_ms: delay, no_usage: fc.constant(true) }),
  fc.record({ ...LONGER, cut_after: word }),
  fc.record({ ...LONGER, error_after: word }),
  fc.record({ status: fc.constantFrom(400, 401, 404, 429, 500, 503) }),
);
const surface = fc.constantFrom(SLIM, OPENAI);

const heard = fc.record({ surface, script, leaves: fc.constant(false) });
/** So long that nobody hears its end. */
const left = fc.record({ surface, script: fc.constant({ tokens: 2000, delay_ms: 5 }), leaves: fc.constant(true) });

/** That many streams; the same ones for the same seed. */
export function randomStreams(count: number, seed: number): RandomStream[] {
  return fc.sample(fc.oneof({ weight: 5, arbitrary: heard }, { weight: 1, arbitrary: left }), {
    numRuns: count,
    seed,
  });
}

/** Plays a stream to its end, and gives what it costs by what its caller saw. */
export async function play(caller: Caller, stream: RandomStream): Promise<Cost> {
  const body = stream.surface.body(stream.script, true);
  const control = new AbortController();
  const response = await caller.post(stream.surface.path, body, { signal: control.signal });
  const text = stream.leaves ? await readFirst(response) : await response.text();
  control.abort();
  if (response.status !== 200) return FREE;

  const inputBytes = shownBytes(body);
  const bound = inputBytes + TEMPLATE_TOKENS + Number(response.headers.get("weir-max-output-tokens"));
  const input = Math.ceil(inputBytes / 4);
  const estimate = Math.min(bound, input + Math.ceil(saidIn(text).length / 4) + ALLOWANCE);
  if (stream.leaves) return { least: estimate, most: bound, requests: 1 };
  const failed = stream.surface.failure(text) !== undefined;
  const counted = failed ? NaN : stream.surface.tokens(text, true);
  const cost = Number.isNaN(counted) ? estimate : counted;
  return { least: cost, most: cost, requests: 1 };
}

async function readFirst(response: Response): Promise<string> {
  const first = await response.body?.getReader().read();
  return new TextDecoder().decode(first?.value);
}

interface Chunk {
  choices?: { delta: { content?: string | null } }[];
  /** Of Responses. */
  delta?: string;
}

/** Events that hold text: those without a name, and those of Responses that do. */
const TEXT_EVENTS = new Set(["text", "response.output_text.delta"]);

/** The text of an answer, of any route, as far as it came. */
export function saidIn(text: string): string {
  const events = readEvents(text).filter(({ name, data }) => TEXT_EVENTS.has(name) && data !== "[DONE]");
  const parts = events.map(({ data }) => JSON.parse(data) as string | Chunk);
  return parts
    .map((part) => (typeof part === "string" ? part : (part.delta ?? part.choices?.[0]?.delta.content ?? "")))
    .join("");
}

// Random requests, and the ways in which they end: what the caller, the provider, Weir and moderation do.

import * as fc from "fast-check";
import type { Script } from "../../dev/provider/kernel/script.ts";
import type { ModelCard } from "../../src/core/catalog/card.ts";
import type { Alias, Catalog } from "../../src/core/catalog/schema.ts";
import { createCatalogOf, toAlias } from "./catalog.ts";
import type { Surface } from "./surface.ts";

/** The settings of an alias. Each lets requests end in other ways. */
const SETTINGS = {
  usual: {},
  short: { max_output_tokens: 64 },
  finishing: { on_leave: "finish" },
  cancelling: { on_leave: "cancel" },
  parallel: { moderation: { input: "parallel" } },
  before: { moderation: { input: "before" } },
  windowed: { moderation: { output: "window" } },
} satisfies Record<string, Partial<Alias> & { moderation?: object }>;

type Setting = keyof typeof SETTINGS | "falling";

/** One way in which a request ends. */
export interface Scenario {
  setting: Setting;
  script: Script;
  /** Words for the classifier. */
  words?: string;
  /** The caller leaves after this time, or with the first bytes. */
  leaves?: { afterMs: number } | "first bytes";
}

export interface RandomRequest extends Scenario {
  ending: string;
  surface: Surface;
  thinks: boolean;
  stream: boolean;
  choices: number;
  /** Text of the input, below the script. */
  text: string;
}

/** The emulated provider generates at most 20 tokens a millisecond: a tenth of what the cards say. */
const MAX_TOKENS_PER_SECOND = 200_000;
const MAX_REASONING = 1500;

const DIALECTS = {
  chat: ["chat_completions", "responses"],
  responses: ["responses", "chat_completions"],
  completions: ["completions"],
} as const;
const BY_ROUTE: Record<string, keyof typeof DIALECTS> = {
  "/v1/chat/completions": "chat",
  "/v1/responses": "responses",
  "/v1/completions": "completions",
};
const dialectOf = ({ upstream }: Surface) => BY_ROUTE[upstream] ?? "chat";
const cardName = (dialect: string, thinks: boolean) => `emulated-${dialect}-${thinks ? "thinking" : "plain"}`;

/** The alias that a request names. */
export const aliasOf = ({ surface, thinks, setting }: RandomRequest) =>
  `${cardName(dialectOf(surface), thinks)}-${setting}`;

/** Users at the same time, each with one request after the other. */
export const LANES = 16;
const PLAN_OUTPUT = 100_000;

/** The output that a request is granted, per choice. */
export const grantOf = ({ setting }: RandomRequest) =>
  setting === "short" ? SETTINGS.short.max_output_tokens : PLAN_OUTPUT;

/** The deadlines of the catalog. Answers that should not exceed one are shorter. */
const TIMING = { first_byte_ms: 500, idle_ms: 500, total_ms: 1200, leave_ms: 60 };

/** A catalog with cards for each kind of model, and aliases for each setting. */
export function createEndingsCatalog(): Catalog {
  const windows = [
    { unit: "tokens" as const, per: "month" as const, limit: 100_000_000 },
    { unit: "requests" as const, per: "month" as const, limit: 10_000 },
    { unit: "usd" as const, per: "month" as const, limit: 1000 },
  ];
  const catalog = createCatalogOf({ windows, max_output_tokens: PLAN_OUTPUT }, TIMING);
  const { "o4-mini": thinking } = catalog.cards;
  if (!thinking) throw new Error("there is no card 'o4-mini'");
  const { reasoning: _, ...plain } = thinking;
  for (const [dialect, endpoints] of Object.entries(DIALECTS)) {
    for (const thinks of [true, false]) {
      const name = cardName(dialect, thinks);
      const facts = { name, compare: [], endpoints: [...endpoints], max_tokens_per_second: MAX_TOKENS_PER_SECOND };
      const card: ModelCard = { ...(thinks ? thinking : plain), ...facts, snapshots: { [`${name}-1`]: {} } };
      catalog.cards[name] = card;
      for (const [setting, fixes] of Object.entries(SETTINGS)) {
        catalog.aliases[`${name}-${setting}`] = { ...toAlias(`${name}-1`), ...fixes };
      }
      catalog.aliases[`${name}-falling`] = toAlias(`${name}-1`, { fallback: [`${cardName(dialect, !thinks)}-1`] });
    }
  }
  return catalog;
}

const upTo = (max: number) => fc.integer({ min: 0, max });
const maybe = fc.boolean();
/** The time of a little thinking: at most 300 tokens. */
const think_ms = fc.integer({ min: 15, max: 40 });
/** A short answer, with pauses between its words or without. */
const short = { tokens: upTo(60), delay_ms: upTo(2), reasoning: upTo(300), think_ms };
/** An answer that is too long to end before its caller or a deadline ends it. */
const long = { tokens: fc.constant(4000), delay_ms: fc.integer({ min: 1, max: 5 }), reasoning: upTo(MAX_REASONING) };
/** A long answer after thinking before the head, after it, or both: at most MAX_REASONING tokens in at least 80 ms. */
const thoughtful: fc.Arbitrary<Script> = fc.oneof(
  fc.record({ ...long, first_ms: fc.integer({ min: 80, max: 160 }) }),
  fc.record({ ...long, think_ms: fc.integer({ min: 80, max: 160 }) }),
  fc.record({ ...long, first_ms: fc.integer({ min: 40, max: 80 }), think_ms: fc.integer({ min: 40, max: 80 }) }),
);
/** The first provider fails, and the second answers. */
const once = { ...short, fault_times: fc.constant(1) };
const leaves = fc.oneof(fc.record({ afterMs: upTo(250) }), fc.constant("first bytes" as const));
const word = upTo(40);
const classified = upTo(120).map((ms) => `emulate-moderation-ms-${ms}`);
const RIVER = "The water runs over the low wall, and the river keeps its level. ".repeat(12);

const usual = fc.constantFrom<Setting>("usual", "cancelling", "short");
const scenario = (setting: fc.Arbitrary<Setting> | Setting, script: fc.Arbitrary<Script>, more: object = {}) =>
  fc.record({ setting: typeof setting === "string" ? fc.constant(setting) : setting, script, ...more });

const ENDINGS: Record<string, fc.Arbitrary<Scenario>> = {
  "finished with usage": scenario(usual, fc.record(short)),
  "finished with usage in pieces": scenario(usual, fc.record({ ...short, split: fc.integer({ min: 100, max: 1000 }) })),
  "finished with usage of another server": scenario(
    usual,
    fc.record({ ...short, usage: fc.constantFrom("beside" as const, "total" as const) }),
  ),
  "finished without usage": scenario(usual, fc.record({ ...short, no_usage: fc.constant(true) })),
  "went beyond the grant": scenario(
    "short",
    fc.record({ ...short, tokens: upTo(300), over_limit: fc.constant(true), no_usage: maybe }),
  ),
  left: scenario(usual, thoughtful, { leaves }),
  "left, and usage came early": scenario(
    usual,
    fc.record({ ...long, think_ms: fc.integer({ min: 80, max: 160 }), usage: fc.constant("early" as const) }),
    { leaves },
  ),
  "left, and the answer finished": scenario("finishing", fc.record(short), { leaves }),
  "left, and leave_ms ran out": scenario("finishing", thoughtful, { leaves }),
  "no first byte in time": scenario(usual, fc.record({ ...long, first_ms: fc.integer({ min: 700, max: 900 }) })),
  "fell silent": scenario(usual, fc.record({ ...long, stall_after: word })),
  "took too long": scenario(usual, thoughtful),
  "refused by the provider": scenario(
    fc.constantFrom<Setting>("usual", "falling"),
    fc.record({ ...short, status: fc.constantFrom(400, 401, 404, 429, 500, 503) }),
  ),
  "retried or fallen back": scenario(
    "falling",
    fc.oneof(
      fc.record({ ...once, status: fc.constantFrom(500, 503), retry_after: upTo(1) }),
      fc.record({ ...once, cut_after: fc.constant(0), first_ms: upTo(60) }),
    ),
  ),
  "broke off": scenario(usual, fc.record({ ...short, tokens: fc.constant(50), cut_after: word })),
  "failed in the middle": scenario(
    usual,
    fc.record({ ...short, tokens: fc.constant(50), error_after: word, flat_error: maybe }),
  ),
  "input blocked": scenario(fc.constantFrom<Setting>("parallel", "before"), thoughtful, {
    words: classified.map((delay) => `emulate-violence ${delay}`),
  }),
  "input not moderated": scenario(fc.constantFrom<Setting>("parallel", "before"), thoughtful, {
    words: classified.map((delay) => `emulate-moderation-status-500 ${delay}`),
  }),
  "output blocked": scenario("windowed", blockedBy("emulate-violence")),
  "output not moderated": scenario("windowed", blockedBy("emulate-moderation-status-500")),
};

function blockedBy(trigger: string): fc.Arbitrary<Script> {
  const text = fc.constantFrom(`${trigger}. ${RIVER}`, `${RIVER}${trigger}. ${RIVER}`);
  return fc.record({ text, delay_ms: upTo(1), reasoning: upTo(300), think_ms });
}

const DENSITIES = [
  "Water runs over the low wall. ",
  "水流过低墙，河面不变。",
  "㐀㐁𠀀",
  "𒀀𒀁𒀂",
  "aGVsbG8gd29ybGQhQUJDREVG",
  "8271",
];
const inputs = fc.tuple(fc.constantFrom(...DENSITIES), upTo(80)).map(([text, times]) => text.repeat(times));

/** `count` random requests on these surfaces, with each ending in turn. */
export function randomRequests(surfaces: Surface[], count: number, seed: number): RandomRequest[] {
  const requests = fc.record({
    surface: fc.constantFrom(...surfaces),
    thinks: maybe,
    stream: fc.constantFrom(true, true, false),
    choices: fc.constantFrom(1, 1, 1, 3),
    text: inputs,
  });
  const rounds = Math.ceil(count / Object.keys(ENDINGS).length);
  const sampled = Object.entries(ENDINGS).map(([ending, scenarios], index) =>
    fc
      .sample(fc.tuple(scenarios, requests), { numRuns: rounds, seed: seed + index })
      .map(([how, what]) => toRequest({ ...how, ...what, ending })),
  );
  const inTurn = Array.from({ length: rounds }, (_, round) => sampled.flatMap((each) => each[round] ?? []));
  return inTurn.flat().slice(0, count);
}

/** Only some models think, and Responses and slim chat have one answer. */
function toRequest(request: RandomRequest): RandomRequest {
  const { thinks, script, surface } = request;
  const choices = surface.path.endsWith("/completions") ? request.choices : 1;
  return { ...request, choices, script: thinks ? script : { ...script, reasoning: 0 } };
}

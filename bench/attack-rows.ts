// The attacks on the ledger: requests that end in ways that once cost the caller less than the provider's bill.

import type { Script } from "../dev/provider/kernel/script.ts";
import bundled from "../src/core/catalog/default.json" with { type: "json" };
import { emulate } from "../test/support/emulation.ts";

export interface Row {
  name: string;
  path: string;
  body: object;
  /** US dollars per million tokens. Those of the model `thinker` when absent. */
  prices?: { input: number; output: number };
  /** The caller leaves after this time. */
  leavesMs?: number;
  /** Sends without a pause for a second, under a plan of 10 requests. Other rows send each request once per lane. */
  isFlood?: boolean;
  /** Entries of a list, each of which counts a request. */
  entries?: number;
  /** The provider does not keep the grant, so what it writes beyond the reservation is its own fault. */
  exceedsGrant?: boolean;
}

/** Faster than a real model, so that an attack takes seconds. The cards of the catalog say so. */
const TOKENS_PER_SECOND = 5000;
const MAX_TOKENS_PER_SECOND = 10_000;
/** US dollars per million tokens of the model `thinker`. */
export const PRICES = { input: 1.1, output: 4.4 };
/** The requests of the plan that floods run under. */
export const FLOOD_REQUESTS = 10;
/** Output tokens of the alias `short`. */
export const SHORT_OUTPUT = 64;

export const LANES = 16;
const LEAVES_MS = 400;

const CHINESE = "水流过低墙，河面不变。".repeat(200);
const CUNEIFORM = "𒀀𒀁𒀂𒀃".repeat(300);
const BASE64 = "aGVsbG8gd29ybGQhQUJDREVGR0hJ".repeat(150);
const RIVER = "The water runs over the low wall. ".repeat(60);

/** Reasons for 8 s at the speed of the model. */
const THINKS: Script = { reasoning: 8 * TOKENS_PER_SECOND, think_ms: 8000, tokens: 100 };
const THINKS_FIRST: Script = { reasoning: 8 * TOKENS_PER_SECOND, first_ms: 8000, tokens: 100 };
const WRITES: Script = { reasoning: 0, tokens: 4000, delay_ms: 1 };

const chat = (name: string, script: Script, text: string, more: object = {}): Row => ({
  name,
  path: "/v1/chat/completions",
  body: { ...chatBody([emulate(script), text].join("\n")), ...more },
});

const chatBody = (content: unknown) => ({
  model: "thinker",
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: "user", content }],
});

const respond = (name: string, script: Script, text: string, more: object = {}): Row => ({
  name,
  path: "/v1/responses",
  body: { model: "thinker", stream: true, input: `${emulate(script)}\n${text}`, ...more },
});

const leave = (row: Row): Row => ({ ...row, leavesMs: LEAVES_MS });
const flood = (row: Row): Row => ({ ...row, isFlood: true });
const WHOLE = { stream: false, stream_options: undefined };

/** An image whose host hangs: the classifier fails after a while. */
const HANGING = "https://images.test/emulate-moderation-ms-600-emulate-moderation-status-500.png";
const hangingImage = [
  { type: "text", text: `${emulate(THINKS)}\n${CHINESE}` },
  { type: "image_url", image_url: { url: HANGING } },
];

export const CHAT_ROWS: Row[] = [
  leave(chat("left while it thinks, Chinese", THINKS, CHINESE)),
  leave(chat("left while it thinks, Cuneiform", THINKS, CUNEIFORM)),
  leave(respond("left while it thinks, base64, Responses", THINKS, BASE64)),
  leave(chat("left before the first byte", THINKS_FIRST, RIVER)),
  leave(chat("left while it writes, Cuneiform", WRITES, CUNEIFORM)),
  leave(chat("left, not streamed", THINKS, CHINESE, WHOLE)),
  leave(chat("left, and usage came early", { ...THINKS, usage: "early" }, CHINESE)),
  chat("a deadline: no first byte", THINKS_FIRST, CHINESE),
  chat("a deadline: total, not streamed", THINKS, CHINESE, WHOLE),
  chat("a deadline: thinks longer than idle_ms", THINKS, CHINESE),
  {
    ...chat("moderation fails: an image that hangs", THINKS, ""),
    body: { ...chatBody(hangingImage), model: "moderated" },
  },
  chat("moderation fails: the text", THINKS, `${CHINESE} emulate-moderation-ms-500 emulate-moderation-status-500`, {
    model: "moderated",
  }),
  chat("reasoning beside the completion", { reasoning: 900, tokens: 20, usage: "beside" }, RIVER),
  chat("only total tokens", { reasoning: 900, tokens: 20, usage: "total" }, RIVER),
  { ...chat("beyond the grant", { ...WRITES, over_limit: true }, RIVER, { model: "short" }), exceedsGrant: true },
  flood(chat("flood: the provider refuses (400)", { status: 400 }, "")),
  flood(chat("flood: the provider refuses (429)", { status: 429 }, "")),
  flood(chat("flood: blocked input", { tokens: 1 }, "emulate-violence", { model: "careful" })),
  flood({
    name: "flood: token counter",
    path: "/v1/responses/input_tokens",
    body: { model: "thinker", input: "How many?" },
  }),
  flood({
    name: "flood: lists for the classifier",
    path: "/v1/moderations",
    body: { model: "omni-moderation-latest", input: ["Runs", "over", "the", "wall"] },
    entries: 4,
  }),
  flood({ name: "flood: conversations", path: "/v1/conversations", body: {} }),
];

const aliasOf = (more: object = {}) => ({ target: "emulated-thinker", ...more });

/** The bundled catalog with deadlines that an attack can wait for, moderated aliases, and a plan for floods. */
export function attackedCatalog() {
  const windows = [
    { unit: "tokens", per: "month", limit: 100_000_000 },
    { unit: "usd", per: "month", limit: 10_000 },
  ];
  const planOf = (requests: number) => ({
    windows: [...windows, { unit: "requests", per: "month", limit: requests }],
    concurrent: 2 * LANES,
    max_output_tokens: 100_000,
  });
  const thinker = {
    ...bundled.cards["o4-mini"],
    name: "thinker",
    compare: [],
    max_tokens_per_second: MAX_TOKENS_PER_SECOND,
    prices: PRICES,
    snapshots: { "emulated-thinker": {} },
  };
  return {
    ...bundled,
    responses: { store: true, background: true, conversations: true },
    cards: { ...bundled.cards, thinker },
    aliases: {
      ...bundled.aliases,
      thinker: aliasOf(),
      moderated: aliasOf({ moderation: { input: "parallel" } }),
      careful: aliasOf({ moderation: { input: "before" } }),
      short: aliasOf({ max_output_tokens: SHORT_OUTPUT }),
    },
    plans: { ...bundled.plans, attacker: planOf(10_000), flooder: planOf(FLOOD_REQUESTS) },
    timing: { first_byte_ms: 1000, idle_ms: 500, total_ms: 1500 },
  };
}

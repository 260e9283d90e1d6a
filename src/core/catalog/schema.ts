// The catalog document: its schema; model cards are in card.ts.
// A fork changes models, prices, plans and providers in JSON of this shape, not in code.

import * as v from "valibot";
import { isSecureUrl } from "../secure-url.ts";
import { Moderation, Policy } from "../../features/moderation/catalog.ts";
import { EndpointName, ModelCard, Name, Tokens } from "./card.ts";

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3_600_000));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
/** Responses takes no smaller bound. */
const OutputTokens = v.pipe(v.number(), v.integer(), v.minValue(16));

/** Headers that Weir writes itself, or that say who is speaking. */
const OWN_HEADERS =
  /^(authorization|proxy-.*|content-.*|transfer-encoding|connection|host|cookie|cf-.*|x-forwarded-.*|upgrade|te|expect|accept-encoding|idempotency-key|.*api-key)$/;
const HeaderName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,64}$/, "must be letters in lower case, digits, -"),
  v.check((name) => !OWN_HEADERS.test(name), "is a header that Weir writes itself"),
);

const Provider = v.strictObject({
  base_url: v.pipe(
    v.string(),
    v.check(isSecureUrl, "must be https, or plain http on this machine"),
    v.check((url) => !/[?#@]/.test(url), "must have neither a query nor credentials"),
  ),
  /** The Worker variable that, when set, replaces `base_url`. */
  base_url_variable: v.optional(v.pipe(v.string(), v.regex(/_BASE_URL$/, "must end in _BASE_URL"))),
  /** The Worker secret that holds the key. Its name must say so, lest a catalog send another secret out. */
  key_variable: v.pipe(v.string(), v.regex(/_API_KEY$/, "must end in _API_KEY")),
  /** What it serves, whatever the cards say; everything when absent. */
  endpoints: v.optional(v.array(EndpointName)),
  /** Sent with every request. No place for secrets: everyone who may read the catalog reads them. */
  headers: v.optional(v.record(HeaderName, v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,500}$/))), {}),
  /** Whether it counts the tokens of an input exactly (`POST /responses/input_tokens`). */
  counts_input: v.optional(v.boolean(), false),
  /** Whether it tells which models it serves (`GET /models`), for the daily look at what ends. */
  lists_models: v.optional(v.boolean(), true),
});

const Window = v.strictObject({
  /** `usd`: dollars at the card's prices. */
  unit: v.picklist(["tokens", "requests", "usd"]),
  per: v.picklist(["minute", "hour", "day", "month"]),
  limit: v.pipe(v.number(), v.minValue(0)),
  /** Cards that it counts; all when absent. */
  models: v.optional(v.pipe(v.array(Name), v.minLength(1))),
});

const Plan = v.strictObject({
  windows: v.array(
    v.pipe(
      Window,
      v.check(({ unit, limit }) => unit === "usd" || Number.isInteger(limit), "must be an integer, except for usd"),
    ),
  ),
  /** Requests of one user that may run at the same time. */
  concurrent: Count,
  max_output_tokens: OutputTokens,
  /** Aliases, snapshots or cards that it may use; all when absent. */
  models: v.optional(v.array(Name)),
  /** Holds together with what the alias says: the stricter of each. */
  moderation: v.optional(Moderation),
});

/**
 * A name that callers use. What it fixes, callers cannot change; an alias of an alias takes what it does not fix itself, and
 * the stricter moderation of both.
 */
const Alias = v.strictObject({
  /** Another alias or a snapshot. */
  target: Name,
  /** Ends with its snapshot instead of moving on to the successor. */
  strict: v.optional(v.boolean(), false),
  /** Asked in this order when neither the target nor a successor of it is alive, and when its provider fails. */
  fallback: v.optional(v.array(Name), []),
  /** Told to the model before everything that the caller says. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  effort: v.optional(v.string()),
  max_output_tokens: v.optional(OutputTokens),
  /** When the caller leaves: cancel the provider, or let it finish (for at most `timing.leave_ms`) to learn the usage. */
  on_leave: v.optional(v.picklist(["cancel", "finish"])),
  moderation: v.optional(Moderation),
});

const Timing = v.strictObject({
  /** How long the provider may take until its answer begins, then between two pieces, then in all. */
  first_byte_ms: v.optional(Milliseconds, 120_000),
  idle_ms: v.optional(Milliseconds, 60_000),
  total_ms: v.optional(Milliseconds, 600_000),
  /** Silence after which the caller is sent a comment line. */
  keep_alive_ms: v.optional(Milliseconds, 15_000),
  /** Text that arrives within this long travels in one slim event; 0 sends everything at once. */
  coalesce_ms: v.optional(Milliseconds, 40),
  /** How long an answer is read on for its usage after its caller left, where the alias says so. */
  leave_ms: v.optional(Milliseconds, 25_000),
  /** How much longer than `total_ms` a reservation lasts that nobody settles. */
  lease_grace_ms: v.optional(Milliseconds, 90_000),
});

/** The most that one call of a tool costs that the provider runs: its price, and what it shows the model. */
const HostedTool = v.strictObject({
  usd_per_call: v.pipe(v.number(), v.minValue(0)),
  input_tokens_per_call: Tokens,
  /** What the provider is told of the tool beside its type: callers cannot say it, since it may name what is others'. */
  fields: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** What /v1/responses may do beyond answering. */
const Responses = v.strictObject({
  /** Answers that the provider keeps, and going on from them. Each belongs to the user who asked for it. */
  store: v.optional(v.boolean(), false),
  /** Answers that go on without a caller; they must be stored. */
  background: v.optional(v.boolean(), false),
  /** Conversations that the provider keeps, each for one user. */
  conversations: v.optional(v.boolean(), false),
  /** Prompts that the provider keeps for the operator, by their id, and how many tokens each has at most. */
  prompts: v.optional(v.record(Name, v.strictObject({ input_tokens: Tokens })), {}),
  /** Tools that the provider runs, by their type. */
  hosted_tools: v.optional(v.record(Name, HostedTool), {}),
  /** How often an answer may call such tools. */
  max_tool_calls: v.optional(Count, 8),
});

export const CatalogSchema = v.strictObject({
  schema: v.literal(1),
  providers: v.record(Name, Provider),
  cards: v.record(Name, ModelCard),
  aliases: v.record(Name, Alias),
  default_plan: Name,
  plans: v.record(Name, Plan),
  /** An answer that could not have at least this many tokens is not begun. */
  min_output_tokens: v.optional(Tokens, 256),
  timing: v.optional(Timing, {}),
  responses: v.optional(Responses, {}),
  policies: v.optional(v.record(Name, Policy), {}),
});

export type Alias = v.InferOutput<typeof Alias>;
export type Catalog = v.InferOutput<typeof CatalogSchema>;
export type Plan = v.InferOutput<typeof Plan>;
export type Provider = v.InferOutput<typeof Provider>;

/** What a record of the catalog holds under a name that is in it, as its check has found. */
export function known<Value>(record: Record<string, Value>, name: string): Value {
  const value = entry(record, name);
  if (value === undefined) throw new Error(`no '${name}'`);
  return value;
}

/** What a record of the catalog holds under any name; names of Object's own properties are not in it. */
export function entry<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

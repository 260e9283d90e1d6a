// The catalog schema: providers, aliases, plans and timing. Model cards are in card.ts.
// Forks change models, prices, plans and providers in a JSON document of this schema, not in code.

import * as v from "valibot";
import { InternalError } from "../errors.ts";
import { isSecureUrl } from "../secure-url.ts";
import { CatalogName, EndpointName, Milliseconds, ModelCard, ModelName, WholeNumber } from "./card.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
/** 16 is the minimum of the Responses API. */
const OutputTokens = v.pipe(v.number(), v.integer(), v.minValue(16));

/** Headers that Weir writes itself, or that carry credentials or identity. */
const RESERVED_HEADERS =
  /^(authorization|proxy-.*|content-.*|transfer-encoding|connection|host|cookie|cf-.*|x-forwarded-.*|upgrade|te|expect|accept-encoding|idempotency-key|.*api-key)$/;
const HeaderName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,64}$/, "may contain only lowercase letters, digits and '-'"),
  v.check((name) => !RESERVED_HEADERS.test(name), "is a header that Weir writes itself"),
);

const Provider = v.strictObject({
  base_url: v.pipe(
    v.string(),
    v.check(isSecureUrl, "must be https, or plain http on this machine"),
    v.check((url) => !/[?#@]/.test(url), "must have neither a query nor credentials"),
  ),
  /** The Worker variable that, when set, replaces `base_url`. */
  base_url_variable: v.optional(v.pipe(v.string(), v.regex(/_BASE_URL$/, "must end in _BASE_URL"))),
  /**
   * The Worker secret with the API key. The required suffix keeps a catalog from sending other secrets to a provider.
   */
  key_variable: v.pipe(v.string(), v.regex(/_API_KEY$/, "must end in _API_KEY")),
  /** The header for the key: `authorization` as a bearer token, any other without a scheme. */
  key_header: v.optional(
    v.pipe(v.string(), v.regex(/^(authorization|([a-z0-9]+-)*api-key)$/, "must be authorization or end in api-key")),
    "authorization",
  ),
  /** Endpoints that the provider serves, regardless of the cards; all when absent. */
  endpoints: v.optional(v.array(EndpointName)),
  /** Headers of every request. Not for secrets: everyone with access to the catalog can read them. */
  headers: v.optional(
    v.record(
      HeaderName,
      v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,500}$/, "must have at most 500 printable ASCII characters")),
    ),
    {},
  ),
  /** Supports exact token counting (`POST /responses/input_tokens`). */
  counts_input: v.optional(v.boolean(), false),
  /** Supports `GET /models`. The daily cron uses it to find shutdowns. */
  lists_models: v.optional(v.boolean(), true),
});

const Window = v.strictObject({
  /** `usd`: dollars at the card's prices. */
  unit: v.picklist(["tokens", "requests", "usd"]),
  per: v.picklist(["minute", "hour", "day", "month"]),
  limit: v.pipe(v.number(), v.minValue(0)),
  /** Cards that it counts; all when absent. */
  models: v.optional(v.pipe(v.array(CatalogName), v.minLength(1))),
});

const hasWholeLimit = v.check(
  ({ unit, limit }: v.InferOutput<typeof Window>) => unit === "usd" || Number.isInteger(limit),
  "must be an integer, except for usd",
);

/** A window of the whole deployment. It cannot count requests, because a request need not cost anything. */
const BudgetWindow = v.pipe(
  Window,
  hasWholeLimit,
  v.check(({ unit }) => unit !== "requests", "must count tokens or usd"),
);

const plan = {
  windows: v.array(v.pipe(Window, hasWholeLimit)),
  /** The most requests of one user that run at the same time. */
  concurrent: Count,
  max_output_tokens: OutputTokens,
  /** Aliases, snapshots or cards that the plan includes; all when absent. */
  models: v.optional(v.array(ModelName)),
};

/**
 * A moving name for a model. Its settings override those of callers. An alias of an alias inherits missing settings.
 */
const alias = {
  /** Another alias or a snapshot. */
  target: ModelName,
  /** Ends with its snapshot instead of moving to the successor. */
  strict: v.optional(v.boolean(), false),
  /** Fallbacks, in order, when neither the target nor a successor is live, or when the provider fails. */
  fallback: v.optional(v.array(ModelName), []),
  /** Instructions for the model, placed before the caller's input. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  effort: v.optional(v.string()),
  max_output_tokens: v.optional(OutputTokens),
  /**
   * After a disconnect: cancel the provider, or let it finish to get the usage (at most `timing.leave_ms`). When
   * absent, it finishes only if that costs only time: see docs/settlement.md.
   */
  on_leave: v.optional(v.picklist(["cancel", "finish"])),
};

const Timing = v.strictObject({
  /** Deadlines: until the first text, between two reads after it, and in total. */
  first_byte_ms: v.optional(Milliseconds, 120_000),
  idle_ms: v.optional(Milliseconds, 60_000),
  total_ms: v.optional(Milliseconds, 600_000),
  /** Idle time after which the caller of a stream gets a keep-alive comment, also before the answer starts. */
  keep_alive_ms: v.optional(Milliseconds, 8000),
  /** The first interval between events of slim text. It doubles, up to 200 ms. With 0, text is sent when it arrives. */
  coalesce_ms: v.optional(Milliseconds, 40),
  /** The most time that the provider may work on after a disconnect. */
  leave_ms: v.optional(Milliseconds, 25_000),
  /** An unsettled reservation expires this long after `total_ms`. */
  lease_grace_ms: v.optional(Milliseconds, 90_000),
});

/** Root fields of every catalog. Features add sections: see sections.ts. */
const root = {
  schema: v.literal(1),
  providers: v.record(CatalogName, Provider),
  cards: v.record(CatalogName, ModelCard),
  default_plan: CatalogName,
  /** A request is refused when fewer output tokens than this are left. */
  min_output_tokens: v.optional(WholeNumber, 256),
  timing: v.optional(Timing, {}),
  /** Limits of all users together; none when absent. */
  budget: v.optional(v.strictObject({ windows: v.pipe(v.array(BudgetWindow), v.minLength(1)) })),
};

const Catalog = v.strictObject({
  ...root,
  aliases: v.record(ModelName, v.strictObject(alias)),
  plans: v.record(CatalogName, v.strictObject(plan)),
});

/** Fields that a feature adds to the root, and to every card, alias and plan. All must be optional. */
export interface SectionFields {
  root?: Record<string, v.GenericSchema>;
  card?: Record<string, v.GenericSchema>;
  alias?: Record<string, v.GenericSchema>;
  plan?: Record<string, v.GenericSchema>;
}

/** Builds the catalog schema with the fields of all sections. */
export function catalogSchema(sections: SectionFields[]): v.GenericSchema<unknown, Catalog> {
  const entriesOf = (place: keyof SectionFields): v.ObjectEntries =>
    Object.assign({}, ...sections.map((each) => each[place]));
  const schema: unknown = v.strictObject({
    ...root,
    cards: v.record(CatalogName, v.strictObject({ ...ModelCard.entries, ...entriesOf("card") })),
    aliases: v.record(ModelName, v.strictObject({ ...alias, ...entriesOf("alias") })),
    plans: v.record(CatalogName, v.strictObject({ ...plan, ...entriesOf("plan") })),
    ...entriesOf("root"),
  });
  // Each feature reads its own fields through its own type.
  return schema as v.GenericSchema<unknown, Catalog>;
}

export type Catalog = v.InferOutput<typeof Catalog>;
export type Alias = Catalog["aliases"][string];
export type Plan = Catalog["plans"][string];
export type Provider = v.InferOutput<typeof Provider>;

/** Returns the entry of a name that the catalog's checks have verified. Throws an InternalError when it is missing. */
export function lookup<Value>(record: Record<string, Value>, name: string): Value {
  const value = entry(record, name);
  if (value === undefined) throw new InternalError(`the catalog has no entry '${name}'`);
  return value;
}

/** Returns the entry of any name, or undefined. Ignores inherited names such as `constructor`. */
export function entry<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

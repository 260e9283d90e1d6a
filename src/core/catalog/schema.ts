// The schema of the catalog document: providers, aliases, plans, timing. Model cards are in card.ts.
// A fork changes models, prices, plans and providers in JSON of this shape, not in code.

import * as v from "valibot";
import { InternalError } from "../errors.ts";
import { isSecureUrl } from "../secure-url.ts";
import { CatalogName, EndpointName, ModelCard, TokenCount } from "./card.ts";

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
  models: v.optional(v.pipe(v.array(CatalogName), v.minLength(1))),
});

const plan = {
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
  models: v.optional(v.array(CatalogName)),
};

/** A name that callers use. Callers cannot change what it fixes. An alias of an alias takes what it does not fix itself. */
const alias = {
  /** Another alias or a snapshot. */
  target: CatalogName,
  /** Ends with its snapshot instead of moving on to the successor. */
  strict: v.optional(v.boolean(), false),
  /** Asked in this order when neither the target nor a successor of it is alive, and when its provider fails. */
  fallback: v.optional(v.array(CatalogName), []),
  /** Told to the model before everything that the caller says. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  effort: v.optional(v.string()),
  max_output_tokens: v.optional(OutputTokens),
  /** When the caller leaves: cancel the provider, or let it finish (for at most `timing.leave_ms`) to learn the usage. */
  on_leave: v.optional(v.picklist(["cancel", "finish"])),
};

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

/** The fields at the root of every catalog. Features add sections: see sections.ts. */
const root = {
  schema: v.literal(1),
  providers: v.record(CatalogName, Provider),
  cards: v.record(CatalogName, ModelCard),
  default_plan: CatalogName,
  /** An answer that could not have at least this many tokens is not begun. */
  min_output_tokens: v.optional(TokenCount, 256),
  timing: v.optional(Timing, {}),
};

const Catalog = v.strictObject({
  ...root,
  aliases: v.record(CatalogName, v.strictObject(alias)),
  plans: v.record(CatalogName, v.strictObject(plan)),
});

/** Fields that a feature adds at the root of the document, in each alias, and in each plan. All must be optional. */
export interface SectionFields {
  root?: Record<string, v.GenericSchema>;
  alias?: Record<string, v.GenericSchema>;
  plan?: Record<string, v.GenericSchema>;
}

/** The schema of a catalog with the sections and fields that features add. */
export function catalogSchema(sections: SectionFields[]): v.GenericSchema<unknown, Catalog> {
  const entriesOf = (place: keyof SectionFields): v.ObjectEntries =>
    Object.assign({}, ...sections.map((each) => each[place]));
  const schema: unknown = v.strictObject({
    ...root,
    aliases: v.record(CatalogName, v.strictObject({ ...alias, ...entriesOf("alias") })),
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

/** The entry of a record under a name that the catalog's check has found in it. Throws otherwise. */
export function lookup<Value>(record: Record<string, Value>, name: string): Value {
  const value = entry(record, name);
  if (value === undefined) throw new InternalError(`no '${name}'`);
  return value;
}

/** The entry of a record under any name, or undefined. Names of Object's own properties are not in it. */
export function entry<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

// The catalog document: the only schema, and the one function that makes a document complete.
// A fork changes models, prices, plans and providers in JSON of this shape, not in code.

import * as v from "valibot";
import type { Endpoint } from "../endpoints/table.ts";
import { ENDPOINTS } from "../endpoints/table.ts";

const Name = v.pipe(v.string(), v.regex(/^[\w.:-]{1,100}$/, "must be letters, digits, . _ : -"));
const Tokens = v.pipe(v.number(), v.integer(), v.minValue(0));
const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3_600_000));
const Day = v.pipe(v.string(), v.isoDate());
const Text = v.string();
const Words = v.array(v.string());
/** US dollars for one million tokens. */
const UsdPerMillion = v.pipe(v.number(), v.minValue(0));

/** At least 1: the bound takes a long request for the dearer one. */
const Factor = v.pipe(v.number(), v.minValue(1));

const Rates = {
  input: UsdPerMillion,
  cached_input: v.optional(UsdPerMillion),
  cache_write: v.optional(UsdPerMillion),
  output: UsdPerMillion,
};
const Prices = v.strictObject({
  ...Rates,
  /** Above this many input tokens the whole request costs the rates times these factors. */
  long_context: v.optional(v.strictObject({ above_input_tokens: Tokens, input_times: Factor, output_times: Factor })),
  batch: v.optional(v.strictObject(Rates)),
});

/** One pinned version. From `shutdown_date` (UTC) on the provider no longer serves it. */
const Snapshot = v.strictObject({
  released: v.optional(Day),
  /** The day on which the shutdown was announced. */
  deprecated: v.optional(Day),
  shutdown_date: v.optional(Day),
  /** The alias or snapshot that aliases move on to. */
  successor: v.optional(Name),
});

const Modality = v.picklist(["text", "image", "audio", "video"]);
const endpointNames = Object.keys(ENDPOINTS) as [Endpoint, ...Endpoint[]];

const ModelCard = v.strictObject({
  provider: Name,
  name: Text,
  tagline: v.optional(Text, ""),
  description: v.optional(Text),
  context_window: v.optional(Tokens),
  max_input_tokens: v.optional(Tokens),
  max_output_tokens: v.optional(Tokens),
  knowledge_cutoff: v.optional(Day),
  /** Present when the model reasons. `allowance`: hidden tokens assumed of an answer whose usage never came. */
  reasoning: v.optional(v.strictObject({ efforts: Words, allowance: v.optional(Tokens, 1024) })),
  prices: v.optional(Prices),
  modalities: v.strictObject({ input: v.array(Modality), output: v.array(Modality) }),
  /** The most tokens that one input image can cost. */
  image_tokens: v.optional(Tokens),
  /** How Chat Completions is told the output bound; servers that only know the older name need it here. */
  output_parameter: v.optional(v.picklist(["max_completion_tokens", "max_tokens"]), "max_completion_tokens"),
  endpoints: v.array(v.picklist(endpointNames)),
  features: v.optional(Words, []),
  tools: v.optional(Words, []),
  /** Parameters that the model refuses, per endpoint. */
  refuses: v.optional(v.record(v.picklist(endpointNames), Words), {}),
  rate_limits: v.optional(
    v.record(
      v.string(),
      v.strictObject({ requests_per_minute: Tokens, tokens_per_minute: Tokens, batch_queue_tokens: Tokens }),
    ),
  ),
  snapshots: v.record(Name, Snapshot),
});

const Provider = v.strictObject({
  base_url: v.pipe(v.string(), v.url()),
  /** The Worker variable that, when set, replaces `base_url`. */
  base_url_variable: v.optional(v.pipe(v.string(), v.endsWith("_BASE_URL"))),
  /** The Worker secret that holds the key. Its name must say so, lest a catalog send another secret out. */
  key_variable: v.pipe(v.string(), v.endsWith("_API_KEY")),
  /** Whether it counts the tokens of an input exactly (`POST /responses/input_tokens`). */
  counts_input: v.optional(v.boolean(), false),
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
  concurrent: v.pipe(v.number(), v.integer(), v.minValue(1)),
  max_output_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Aliases, snapshots or cards that it may use; all when absent. */
  models: v.optional(v.array(Name)),
});

/** `target`: another alias or a snapshot. A strict alias ends with its snapshot instead of moving on. */
const Alias = v.strictObject({
  target: Name,
  strict: v.optional(v.boolean(), false),
  /** When the caller leaves: cancel the provider, or let it finish (for at most `timing.leave_ms`) to learn the usage. */
  on_leave: v.optional(v.picklist(["cancel", "finish"]), "cancel"),
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

const Catalog = v.strictObject({
  schema: v.literal(1),
  providers: v.record(Name, Provider),
  cards: v.record(Name, ModelCard),
  aliases: v.record(Name, Alias),
  default_plan: Name,
  plans: v.record(Name, Plan),
  /** An answer that could not have at least this many tokens is not begun. */
  min_output_tokens: v.optional(Tokens, 256),
  timing: v.optional(Timing, {}),
});

export type Alias = v.InferOutput<typeof Alias>;
export type Catalog = v.InferOutput<typeof Catalog>;
export type ModelCard = v.InferOutput<typeof ModelCard>;
export type Plan = v.InferOutput<typeof Plan>;
export type Provider = v.InferOutput<typeof Provider>;

export type CatalogResult = { ok: true; catalog: Catalog } | { ok: false; faults: string[] };

/** Validates a document, fills in every default and checks that names lead somewhere. Faults carry their path. */
export function parseCatalog(document: unknown): CatalogResult {
  const parsed = v.safeParse(Catalog, document);
  if (!parsed.success) {
    return { ok: false, faults: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "catalog"}: ${issue.message}`) };
  }
  const faults = danglingNames(parsed.output);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, catalog: parsed.output };
}

/** What a record of the catalog holds under any name; names of Object's own properties are not in it. */
export function entry<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function danglingNames(catalog: Catalog): string[] {
  const faults: string[] = [];
  const snapshots = new Set<string>();
  for (const [id, card] of Object.entries(catalog.cards)) {
    if (!entry(catalog.providers, card.provider)) faults.push(`cards.${id}.provider: no provider '${card.provider}'`);
    if (card.endpoints.includes("chat_completions") && card.modalities.input.includes("image") && !card.image_tokens) {
      faults.push(`cards.${id}.image_tokens: is needed, since the model takes images`);
    }
    for (const name of Object.keys(card.snapshots)) {
      if (snapshots.has(name)) faults.push(`cards.${id}.snapshots.${name}: is in another card too`);
      snapshots.add(name);
    }
  }
  const leads = (name: string) => snapshots.has(name) || Object.hasOwn(catalog.aliases, name);
  for (const [id, card] of Object.entries(catalog.cards)) {
    for (const [name, { successor }] of Object.entries(card.snapshots)) {
      if (successor && !leads(successor))
        faults.push(`cards.${id}.snapshots.${name}.successor: no model '${successor}'`);
    }
  }
  for (const [name, { target }] of Object.entries(catalog.aliases)) {
    if (snapshots.has(name)) faults.push(`aliases.${name}: is a snapshot too`);
    if (!leads(target)) faults.push(`aliases.${name}.target: no model '${target}'`);
  }
  for (const [name, { windows, models }] of Object.entries(catalog.plans)) {
    const cards = windows.flatMap((window) => window.models ?? []);
    for (const id of cards) if (!entry(catalog.cards, id)) faults.push(`plans.${name}.windows: no card '${id}'`);
    for (const id of models ?? [])
      if (!entry(catalog.cards, id) && !leads(id)) faults.push(`plans.${name}.models: no model '${id}'`);
  }
  if (!entry(catalog.plans, catalog.default_plan)) faults.push(`default_plan: no plan '${catalog.default_plan}'`);
  return faults;
}

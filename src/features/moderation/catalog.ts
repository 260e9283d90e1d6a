// The catalog section `policies`, and the field `moderation` of aliases and plans: what is moderated, and how strictly.

import * as v from "valibot";
import { CatalogName } from "../../core/catalog/card.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import type { CatalogNames, CatalogSection } from "../../core/catalog/sections.ts";

/** What is done with a text, the mildest first. */
export const ACTIONS = ["allow", "review", "block"] as const;
export type Action = (typeof ACTIONS)[number];

/** The categories of omni-moderation. */
export const CATEGORIES = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
] as const;

const Action = v.picklist(ACTIONS);
const Characters = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));

const Threshold = v.strictObject({
  /** The action is taken from this score on. */
  from: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  action: Action,
});

/** How an answer is cut into windows of text, each of which is judged before it is sent. */
const Window = v.strictObject({
  max_chars: v.optional(Characters, 400),
  /** How long text waits for more of its sentence. */
  max_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000)), 700),
  /** Characters of the previous window that are judged again, so that no phrase is cut by a border. */
  overlap_chars: v.optional(Characters, 200),
});

const Policy = v.strictObject({
  /** The model that classifies. */
  classifier: v.optional(CatalogName, "omni-moderation-latest"),
  categories: v.optional(v.record(v.picklist(CATEGORIES), Threshold), {}),
  /** The action for a category that the classifier flags and that `categories` does not name. */
  otherwise: v.optional(Action, "block"),
  /** Told to the model that judges by the rules. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** The app's own rules by name, in words. They are judged where text is sent to /moderate. */
  rules: v.optional(v.record(CatalogName, v.pipe(v.string(), v.minLength(1))), {}),
  /** The model that judges by the rules. */
  judge: v.optional(CatalogName, "default"),
  /** When the classifier does not answer. */
  on_failure: v.optional(v.picklist(["block", "allow"]), "block"),
  window: v.optional(Window, {}),
});

/** The mildest first. */
const INPUTS = ["off", "parallel", "before"] as const;
const OUTPUTS = ["off", "window"] as const;

/** What of a chat is moderated, under which policy. */
const Moderation = v.strictObject({
  /** `parallel`: while the model begins to answer; `before`: before it is asked. */
  input: v.optional(v.picklist(INPUTS)),
  /** `window`: text is sent when the window that holds it has been allowed. */
  output: v.optional(v.picklist(OUTPUTS)),
  policy: v.optional(CatalogName),
});

type PartialModeration = v.InferOutput<typeof Moderation>;
export type Policy = v.InferOutput<typeof Policy>;
export interface Moderation {
  input: (typeof INPUTS)[number];
  output: (typeof OUTPUTS)[number];
  policy: string;
}

/** The policies of a catalog. */
export const policiesOf = (catalog: Catalog): Record<string, Policy> =>
  (catalog as Catalog & { policies: Record<string, Policy> }).policies;

/** The field `moderation` of an alias or of a plan. */
export const moderationOf = (value: object): PartialModeration | undefined =>
  (value as { moderation?: PartialModeration }).moderation;

/** The stricter value of each field; the policy is the first that is named. */
export function strictest(all: (PartialModeration | undefined)[]): Moderation {
  return {
    input: INPUTS.findLast((input) => all.some((given) => given?.input === input)) ?? "off",
    output: OUTPUTS.findLast((output) => all.some((given) => given?.output === output)) ?? "off",
    policy: all.find((given) => given?.policy !== undefined)?.policy ?? "default",
  };
}

/** An alias of an alias has the stricter moderation of both, and a plan holds together with the alias. */
export const policiesSection: CatalogSection = {
  root: { policies: v.optional(v.record(CatalogName, Policy), {}) },
  alias: { moderation: v.optional(Moderation) },
  plan: { moderation: v.optional(Moderation) },
  faults: (catalog, names) => [...policyFaults(catalog, names), ...moderationFaults(catalog)],
};

function policyFaults(catalog: Catalog, { isModelName, cardFor }: CatalogNames): string[] {
  const faults: string[] = [];
  for (const [name, { classifier, judge, rules, instructions }] of Object.entries(policiesOf(catalog))) {
    const hasRules = instructions !== undefined || Object.keys(rules).length > 0;
    const path = `policies.${name}`;
    if (!isModelName(classifier)) faults.push(`${path}.classifier: no model '${classifier}'`);
    else if (!cardFor(classifier)?.endpoints.includes("moderation")) {
      faults.push(`${path}.classifier: '${classifier}' does not classify`);
    }
    if (!isModelName(judge)) faults.push(`${path}.judge: no model '${judge}'`);
    else if (hasRules && !cardFor(judge)?.features.includes("structured_outputs")) {
      faults.push(`${path}.judge: '${judge}' has no structured outputs`);
    }
  }
  return faults;
}

function moderationFaults(catalog: Catalog): string[] {
  const { aliases, plans } = catalog;
  return Object.entries({ aliases, plans }).flatMap(([kind, records]) =>
    Object.entries(records).flatMap(([name, record]) => {
      const moderation = moderationOf(record);
      const policy = moderation && (moderation.policy ?? "default");
      if (policy === undefined || entry(policiesOf(catalog), policy)) return [];
      return [`${kind}.${name}.moderation.policy: no policy '${policy}'`];
    }),
  );
}

// The catalog section `policies`, and the field `moderation` of aliases and plans.

import * as v from "valibot";
import { CatalogName, ModelName } from "../../core/catalog/card.ts";
import type { Catalog } from "../../core/catalog/schema.ts";
import { entry } from "../../core/catalog/schema.ts";
import type { WindowSettings } from "./text-windows.ts";
import type { CatalogNames, CatalogSection } from "../../core/catalog/sections.ts";

/** The verdict's actions, the mildest first. */
export const ACTIONS = ["allow", "review", "block"] as const;
export type Action = (typeof ACTIONS)[number];

/** The categories of OpenAI's omni-moderation models. */
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
  /** The action applies to this score and to higher ones. */
  from: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  action: Action,
});

/** The size of the text windows of an answer. Each window is moderated before it is sent. */
const Window = v.strictObject({
  /** A sentence end closes a window of this size or more. */
  min_chars: v.exactOptional(Characters),
  max_chars: v.exactOptional(Characters),
  /** The longest time that text waits for the end of its sentence. */
  max_ms: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000))),
  /** Characters of the previous window that are moderated again, so that a phrase across a boundary is seen whole. */
  overlap_chars: v.exactOptional(Characters),
});

/** The default windows for each value of `chats`. With `rules`, each window costs a call of the judge. */
const WINDOWS: Record<"categories" | "rules", WindowSettings> = {
  categories: { min_chars: 1, max_chars: 400, max_ms: 700, overlap_chars: 200 },
  rules: { min_chars: 600, max_chars: 1200, max_ms: 3000, overlap_chars: 200 },
};

const PolicyFields = v.strictObject({
  /** The moderation model. */
  classifier: v.optional(ModelName, "omni-moderation-latest"),
  categories: v.optional(v.record(v.picklist(CATEGORIES), Threshold), {}),
  /** The action for a category that the classifier flags and that `categories` does not name. */
  otherwise: v.optional(Action, "block"),
  /** Instructions for the judge model. */
  instructions: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** The app's own rules by name, in plain language. */
  rules: v.optional(v.record(CatalogName, v.pipe(v.string(), v.minLength(1))), {}),
  /** The model that applies the rules. */
  judge: v.optional(ModelName, "default"),
  /** `categories`: chats are moderated by categories only. `rules`: by the rules as well, which costs tokens. */
  chats: v.optional(v.picklist(["categories", "rules"]), "categories"),
  /** The action when the classifier or the judge of a chat fails. */
  on_failure: v.optional(v.picklist(["block", "allow"]), "block"),
  window: v.optional(Window, {}),
});

const Policy = v.pipe(
  PolicyFields,
  v.transform(({ window, ...policy }) => ({ ...policy, window: { ...WINDOWS[policy.chats], ...window } })),
);

/** The modes of moderation, the mildest first. */
const INPUTS = ["off", "parallel", "before"] as const;
const OUTPUTS = ["off", "window"] as const;

/** The moderation of a chat: input, output and policy. */
const Moderation = v.strictObject({
  /** `parallel`: while the model begins to answer. `before`: before the request is sent to the model. */
  input: v.optional(v.picklist(INPUTS)),
  /** `window`: text is sent when its window has been allowed. */
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

/** Returns the policies of a catalog by name. */
export const policiesOf = (catalog: Catalog): Record<string, Policy> =>
  (catalog as Catalog & { policies: Record<string, Policy> }).policies;

/** Returns the field `moderation` of an alias or of a plan. */
export const moderationOf = (value: object): PartialModeration | undefined =>
  (value as { moderation?: PartialModeration }).moderation;

/** Merges moderation settings: the strictest value of each field, and the first policy that is set. */
export function strictest(all: (PartialModeration | undefined)[]): Moderation {
  return {
    input: INPUTS.findLast((input) => all.some((given) => given?.input === input)) ?? "off",
    output: OUTPUTS.findLast((output) => all.some((given) => given?.output === output)) ?? "off",
    policy: all.find((given) => given?.policy !== undefined)?.policy ?? "default",
  };
}

/** The schema and its checks. A request gets the strictest moderation of its plan and of all its aliases. */
export const policiesSection: CatalogSection = {
  root: { policies: v.optional(v.record(CatalogName, Policy), {}) },
  alias: { moderation: v.optional(Moderation) },
  plan: { moderation: v.optional(Moderation) },
  faults: (catalog, names) => [...policyFaults(catalog, names), ...moderationFaults(catalog)],
  calledModels: (catalog) =>
    Object.values(policiesOf(catalog))
      .filter(hasRules)
      .map(({ judge }) => judge),
  warnings: (catalog) => [...unusedRules(catalog), ...scarceTokens(catalog)],
};

function policyFaults(catalog: Catalog, { isModelName, cardFor }: CatalogNames): string[] {
  const faults: string[] = [];
  for (const [name, policy] of Object.entries(policiesOf(catalog))) {
    const { classifier, judge } = policy;
    const path = `policies.${name}`;
    if (!isModelName(classifier)) faults.push(`${path}.classifier: no model '${classifier}'`);
    else if (!cardFor(classifier)?.endpoints.includes("moderation")) {
      faults.push(`${path}.classifier: '${classifier}' does not classify`);
    }
    if (!isModelName(judge)) faults.push(`${path}.judge: no model '${judge}'`);
    else if (hasRules(policy) && !cardFor(judge)?.features.includes("structured_outputs")) {
      faults.push(`${path}.judge: '${judge}' has no structured outputs`);
    }
    if (policy.chats === "rules" && !hasRules(policy)) faults.push(`${path}.chats: the policy has no rules`);
  }
  return faults;
}

const hasRules = ({ rules, instructions }: Policy) => instructions !== undefined || Object.keys(rules).length > 0;

/** Returns the policy name of each alias and plan that has the field `moderation`. */
function policyNames({ aliases, plans }: Catalog): { path: string; policy: string }[] {
  return Object.entries({ aliases, plans }).flatMap(([kind, records]) =>
    Object.entries(records).flatMap(([name, record]) => {
      const moderation = moderationOf(record);
      const path = `${kind}.${name}.moderation.policy`;
      return moderation ? [{ path, policy: moderation.policy ?? "default" }] : [];
    }),
  );
}

function moderationFaults(catalog: Catalog): string[] {
  const unknown = policyNames(catalog).filter(({ policy }) => !entry(policiesOf(catalog), policy));
  return unknown.map(({ path, policy }) => `${path}: no policy '${policy}'`);
}

function unusedRules(catalog: Catalog): string[] {
  return policyNames(catalog).flatMap(({ path, policy }) => {
    const named = entry(policiesOf(catalog), policy);
    if (!named || !hasRules(named) || named.chats === "rules") return [];
    return [`${path}: the rules of '${policy}' do not apply to chats: set policies.${policy}.chats to "rules"`];
  });
}

/** An answer and its judge together need up to this many times the tokens of the answer. Measured: 5 to 6. */
const JUDGED_ANSWER_FACTOR = 6;

/** The plans under which a judge may find no tokens left, because the answer has reserved them. */
function scarceTokens(catalog: Catalog): string[] {
  const judges = ({ policy }: { policy: string }) => entry(policiesOf(catalog), policy)?.chats === "rules";
  const judged = policyNames(catalog).filter(judges);
  return Object.entries(catalog.plans).flatMap(([name, { windows, max_output_tokens: output }]) => {
    if (!judged.some(({ path }) => path.startsWith("aliases.") || path.startsWith(`plans.${name}.`))) return [];
    const small = windows.find(({ unit, limit }) => unit === "tokens" && limit < JUDGED_ANSWER_FACTOR * output);
    if (!small) return [];
    const scarce = `${small.limit} tokens per ${small.per} are few for answers of ${output} tokens and their judge`;
    return [`plans.${name}.windows: ${scarce}: raise the limit or lower max_output_tokens`];
  });
}

// What no schema can say of a catalog: that every name in it leads somewhere, and that its parts agree.

import { windowKey } from "./quota-window.ts";
import { FIRST_DAY, LAST_DAY, resolveModel } from "./resolve.ts";
import type { Catalog } from "./schema.ts";
import { entry } from "./schema.ts";

/** Every fault of a document that fits the schema, each with its path; none when it is a catalog. */
export function faultsOf(catalog: Catalog): string[] {
  const snapshots = new Set(Object.values(catalog.cards).flatMap((card) => Object.keys(card.snapshots)));
  const leads = (name: string) => snapshots.has(name) || Object.hasOwn(catalog.aliases, name);
  const { background, store } = catalog.responses;
  return [
    ...cardFaults(catalog, leads),
    ...aliasFaults(catalog, snapshots, leads),
    ...planFaults(catalog, leads),
    ...policyFaults(catalog, leads),
    ...(background && !store ? ["responses.background: needs responses.store"] : []),
  ];
}

type Leads = (name: string) => boolean;

function cardFaults({ cards, providers, plans }: Catalog, leads: Leads): string[] {
  const faults: string[] = [];
  const dollars = Object.values(plans).flatMap(({ windows }) => windows.filter(({ unit }) => unit === "usd"));
  const owners = new Map<string, string>();
  for (const [id, card] of Object.entries(cards)) {
    const path = `cards.${id}`;
    if (!entry(providers, card.provider)) faults.push(`${path}.provider: no provider '${card.provider}'`);
    const chats = card.endpoints.includes("chat_completions") || card.endpoints.includes("responses");
    if (chats && card.modalities.input.includes("image") && !card.image_tokens) {
      faults.push(`${path}.image_tokens: is needed, since the model takes images`);
    }
    if (chats && !card.prices && dollars.some(({ models }) => models?.includes(id) ?? true)) {
      faults.push(`${path}.prices: is needed, since a plan counts dollars`);
    }
    for (const other of card.compare) if (!leads(other)) faults.push(`${path}.compare: no model '${other}'`);
    for (const [name, { successor }] of Object.entries(card.snapshots)) {
      const owner = owners.get(name);
      if (owner !== undefined) faults.push(`${path}.snapshots.${name}: is in the card '${owner}' too`);
      owners.set(name, id);
      if (successor && !leads(successor)) {
        faults.push(`${path}.snapshots.${name}.successor: no model '${successor}'`);
      }
    }
  }
  return faults;
}

function aliasFaults(catalog: Catalog, snapshots: Set<string>, leads: Leads): string[] {
  const faults: string[] = [];
  for (const [name, alias] of Object.entries(catalog.aliases)) {
    const path = `aliases.${name}`;
    if (snapshots.has(name)) faults.push(`${path}: is a snapshot too`);
    if (!leads(alias.target)) faults.push(`${path}.target: no model '${alias.target}'`);
    for (const other of alias.fallback) if (!leads(other)) faults.push(`${path}.fallback: no model '${other}'`);
    const first = resolveModel(catalog, name, FIRST_DAY);
    if (first.kind === "unknown" && leads(alias.target)) faults.push(`${path}.target: leads in a circle`);
    const last = resolveModel(catalog, name, LAST_DAY);
    const known = [first, last].flatMap((end) =>
      end.kind === "found" ? (end.model.card.reasoning?.efforts ?? []) : [],
    );
    if (alias.effort && first.kind === "found" && !known.includes(alias.effort)) {
      faults.push(
        `${path}.effort: '${alias.effort}' is no effort of the card '${first.model.id}', nor of its successor`,
      );
    }
    if (alias.strict && alias.fallback.length > 0) faults.push(`${path}.fallback: a strict alias has none`);
  }
  if (!entry(catalog.aliases, "default")) faults.push("aliases.default: is needed, for requests that name no model");
  return faults;
}

function planFaults(catalog: Catalog, leads: Leads): string[] {
  const faults: string[] = [];
  for (const [name, { windows, models }] of Object.entries(catalog.plans)) {
    for (const id of windows.flatMap((window) => window.models ?? [])) {
      if (!entry(catalog.cards, id)) faults.push(`plans.${name}.windows: no card '${id}'`);
    }
    faults.push(
      ...windows.flatMap(({ models }) =>
        uncounted(catalog, models ?? []).map(
          (id) => `plans.${name}.windows: counts no '${id}', where its models go when they end`,
        ),
      ),
    );
    const keys = windows.map(windowKey);
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice) faults.push(`plans.${name}.windows: has '${twice}' twice`);
    for (const id of models ?? []) {
      if (!entry(catalog.cards, id) && !leads(id)) faults.push(`plans.${name}.models: no model '${id}'`);
    }
  }
  if (!entry(catalog.plans, catalog.default_plan)) faults.push(`default_plan: no plan '${catalog.default_plan}'`);
  return faults;
}

function policyFaults(catalog: Catalog, leads: Leads): string[] {
  const { policies, aliases, plans } = catalog;
  const faults: string[] = [];
  for (const [name, { classifier, judge, rules, instructions }] of Object.entries(policies)) {
    const hasRules = instructions !== undefined || Object.keys(rules).length > 0;
    const path = `policies.${name}`;
    if (!leads(classifier)) faults.push(`${path}.classifier: no model '${classifier}'`);
    else if (!cardNamed(catalog, classifier)?.endpoints.includes("moderation")) {
      faults.push(`${path}.classifier: '${classifier}' does not classify`);
    }
    if (!leads(judge)) faults.push(`${path}.judge: no model '${judge}'`);
    else if (hasRules && !cardNamed(catalog, judge)?.features.includes("structured_outputs")) {
      faults.push(`${path}.judge: '${judge}' has no structured outputs`);
    }
  }
  for (const [kind, records] of Object.entries({ aliases, plans })) {
    for (const [name, { moderation }] of Object.entries<{ moderation?: { policy?: string | undefined } | undefined }>(
      records,
    )) {
      const policy = moderation && (moderation.policy ?? "default");
      if (policy !== undefined && !entry(policies, policy)) {
        faults.push(`${kind}.${name}.moderation.policy: no policy '${policy}'`);
      }
    }
  }
  return faults;
}

/** The cards to which the cards of a window move on, and that it does not count: its limit would end with its models. */
function uncounted(catalog: Catalog, counted: string[]): string[] {
  const successors = counted.flatMap((id) =>
    Object.values(entry(catalog.cards, id)?.snapshots ?? {}).flatMap(({ successor }) => successor ?? []),
  );
  const fallbacks = Object.entries(catalog.aliases).flatMap(([name, { fallback }]) =>
    counted.includes(cardOf(catalog, name) ?? "") ? fallback : [],
  );
  const cards = [...successors, ...fallbacks].flatMap((name) => cardOf(catalog, name) ?? []);
  return [...new Set(cards)].filter((id) => !counted.includes(id));
}

const cardNamed = (catalog: Catalog, name: string) => entry(catalog.cards, cardOf(catalog, name) ?? "");

function cardOf(catalog: Catalog, name: string): string | undefined {
  const first = resolveModel(catalog, name, FIRST_DAY);
  return first.kind === "found" ? first.model.id : undefined;
}

// Capability checks: a request's needs against a model's card.
// A refusal names models that support them.

import { ENDPOINTS } from "./endpoints.ts";
import type { Endpoint } from "./endpoints.ts";
import type { ErrorCode } from "../errors.ts";
import { apiError } from "../errors.ts";
import type { Modality, ModelCard, ModelFeature, ModelTool } from "./card.ts";
import { MODALITIES, MODEL_FEATURES, MODEL_TOOLS } from "./card.ts";
import type { Model } from "./resolve.ts";
import { resolveModel, toDay } from "./resolve.ts";
import type { Catalog } from "./schema.ts";
import { entry } from "./schema.ts";

/** One capability that a request needs; `param` is the field that needs it. */
export type Need = { param: string } & (
  | { kind: "endpoint"; endpoint: Endpoint }
  | { kind: "feature"; feature: ModelFeature }
  | { kind: "input" | "output"; modality: Modality }
  | { kind: "effort"; effort: string }
  /** A tool run by the provider. */
  | { kind: "tool"; tool: ModelTool }
  /** Exact token counting. */
  | { kind: "count" }
  | { kind: "parameter"; endpoint: Endpoint; name: string }
  /** A fact of the card that only one endpoint uses. `title` completes "does not support …". */
  | { kind: "fact"; title: string; isMetBy: (card: ModelCard) => boolean }
);

/** Tests if a model's card and provider support all needs. */
export function supports(catalog: Catalog, { card }: Model, needs: Need[]): boolean {
  return needs.every((need) => isSupported(catalog, card, need));
}

/** Throws 400 for the first unsupported need. The message names models that are live at `now` (epoch ms). */
export function requireSupport(catalog: Catalog, model: Model, needs: Need[], now: number): void {
  const missing = needs.find((need) => !isSupported(catalog, model.card, need));
  if (!missing) return;
  const namesSupporting = (wanted: Need[]) => {
    const others = modelsOf(catalog, now).filter(({ card, requestedCard }) => card === requestedCard);
    return namesOf(others.filter(({ card }) => wanted.every((need) => isSupported(catalog, card, need))));
  };
  const matching = namesSupporting(needs);
  const names =
    matching.length > 0
      ? matching
      : namesSupporting(needs.filter((need) => need === missing || need.kind === "endpoint"));
  const instead = names.length > 0 ? `Models that do: ${names.join(", ")}.` : "No model here does.";
  const moved = model.card === model.requestedCard ? "" : `, now ${model.snapshot},`;
  const refusal = `The model '${model.requestedName}'${moved} does not support ${titleOf(missing)}.`;
  const message = `${refusal} ${instead}${adviceOf(missing, model)}`;
  throw apiError(codeOf(missing), message, { param: missing.param });
}

/** Returns the models of all names that are live at `now` (epoch ms), aliases first. */
export function modelsOf(catalog: Catalog, now: number): Model[] {
  const snapshots = Object.values(catalog.cards).flatMap((card) => Object.keys(card.snapshots));
  return [...Object.keys(catalog.aliases), ...snapshots].flatMap((name) => {
    const resolution = resolveModel(catalog, name, toDay(now));
    return resolution.kind === "found" ? [resolution.model] : [];
  });
}

/** One name per card: its own key if that is a model name, else the first. */
function namesOf(models: Model[]): string[] {
  const names = new Map<string, string>();
  for (const { id, requestedName } of models) if (!names.has(id) || requestedName === id) names.set(id, requestedName);
  return [...names.values()];
}

/** Tests if a card has an endpoint and its provider serves it. */
export function serves({ providers }: Catalog, card: ModelCard, endpoint: Endpoint): boolean {
  const served = entry(providers, card.provider)?.endpoints;
  return card.endpoints.includes(endpoint) && (served === undefined || served.includes(endpoint));
}

function isSupported(catalog: Catalog, card: ModelCard, need: Need): boolean {
  switch (need.kind) {
    case "endpoint":
      return serves(catalog, card, need.endpoint);
    case "feature":
      return card.features.includes(need.feature);
    case "input":
    case "output":
      return card.modalities[need.kind].includes(need.modality);
    case "effort":
      return card.reasoning?.efforts.includes(need.effort) === true;
    case "tool":
      return card.tools.includes(need.tool);
    case "count":
      return entry(catalog.providers, card.provider)?.counts_input === true;
    case "parameter":
      return card.refuses[need.endpoint]?.includes(need.name) !== true;
    case "fact":
      return need.isMetBy(card);
  }
}

function titleOf(need: Need): string {
  switch (need.kind) {
    case "endpoint":
      return ENDPOINTS[need.endpoint].title;
    case "feature":
      return MODEL_FEATURES[need.feature];
    case "input":
    case "output":
      return `${MODALITIES[need.modality]} ${need.kind}`;
    case "effort":
      return `the effort '${need.effort}'`;
    case "tool":
      return MODEL_TOOLS[need.tool];
    case "count":
      return "the counting of tokens";
    case "parameter":
      return `'${need.param}' on ${ENDPOINTS[need.endpoint].title}`;
    case "fact":
      return need.title;
  }
}

function adviceOf({ kind }: Need, { requestedName, card: { reasoning } }: Model): string {
  if (kind === "parameter") return " Leave it out.";
  if (kind !== "effort") return "";
  return reasoning
    ? ` The efforts of '${requestedName}': ${reasoning.efforts.join(", ")}.`
    : " It does not reason: leave it out.";
}

/** OpenAI's codes: `unsupported_parameter` for the whole field, `unsupported_value` for its value. */
function codeOf(need: Need): ErrorCode {
  const wholeField =
    need.kind === "parameter" ||
    (need.kind === "feature" && ["function_calling", "predicted_outputs"].includes(need.feature));
  return wholeField ? "unsupported_parameter" : "unsupported_value";
}

// The models that the emulation serves: those of Weir's bundled catalog, until their shutdown date.
// Every name that begins with `emulated-` is a model too.
import bundled from "../../../src/core/catalog/default.json" with { type: "json" };
import { invalidRequest } from "./errors.ts";

export interface Card {
  endpoints: string[];
  context_window?: number;
  max_input_tokens?: number;
  max_output_tokens?: number;
  reasoning?: { efforts: string[] };
  speech_tokens_per_character?: number;
  refuses?: { chat_completions?: string[]; responses?: string[]; speech_generation?: string[] };
  modalities: { input: string[] };
  rate_limits?: Record<string, { requests_per_minute: number; tokens_per_minute: number }>;
  snapshots: Record<string, Snapshot>;
}

interface Snapshot {
  released?: string;
  shutdown_date?: string;
}

/** A model by the name that the request used, with the snapshot that answers. */
export interface Model {
  name: string;
  snapshotId: string;
  snapshot: Snapshot;
  card: Card;
}

interface Catalog {
  cards: Record<string, Card>;
  aliases: Record<string, { target: string }>;
}

/** Models that a feature adds, such as trained ones. */
export interface ModelSource {
  find(name: string): Model | undefined;
  list(): Model[];
}

const catalog = bundled as unknown as Catalog;
const models = collectModels();
const sources: ModelSource[] = [];

/** Adds the models of a feature. */
export function addModelSource(source: ModelSource): void {
  sources.push(source);
}

/** All snapshots, aliases and models of features that are not shut down at that moment. */
export function listModels(moment: Date): Model[] {
  const isListed = ({ name, snapshotId }: Model) => name === snapshotId || name in catalog.aliases;
  const listed = [...[...models.values()].filter(isListed), ...sources.flatMap((source) => source.list())];
  return listed.filter((model) => isAlive(model, moment));
}

/** Finds a model by name. Throws OpenAI's 404 when it is unknown or shut down. */
export function findModel(name: string, moment: Date): Model {
  const model = models.get(name) ?? findInSources(name) ?? inventedModel(name);
  if (model && isAlive(model, moment)) return model;
  const message = `The model \`${name}\` does not exist or you do not have access to it.`;
  throw invalidRequest(message, null, "model_not_found", 404);
}

function findInSources(name: string): Model | undefined {
  for (const source of sources) {
    const found = source.find(name);
    if (found) return found;
  }
  return undefined;
}

/** Endpoints of the emulation that are served for any model. */
const INVENTED_ENDPOINTS = [
  "chat_completions",
  "responses",
  "completions",
  "embeddings",
  "image_generation",
  "image_edit",
  "speech_generation",
  "transcription",
  "translation",
  "batch",
  "fine_tuning",
];

/** A model for trying a new card in the catalog. It accepts everything. */
function inventedModel(name: string): Model | undefined {
  if (!name.startsWith("emulated-")) return undefined;
  const card = {
    endpoints: INVENTED_ENDPOINTS,
    modalities: { input: ["text", "image"] },
    speech_tokens_per_character: 5,
    snapshots: {},
  };
  return { name, snapshotId: name, snapshot: {}, card };
}

function isAlive(model: Model, moment: Date): boolean {
  const end = model.snapshot.shutdown_date;
  return end === undefined || end > moment.toISOString().slice(0, 10);
}

/** Cards, snapshots and aliases by name. `default` and aliases with fixed parameters exist only in Weir. */
function collectModels(): Map<string, Model> {
  const found = new Map<string, Model>();
  for (const [cardId, card] of Object.entries(catalog.cards)) {
    for (const [snapshotId, snapshot] of Object.entries(card.snapshots)) {
      const model = { name: snapshotId, snapshotId, snapshot, card };
      found.set(snapshotId, model);
      found.set(cardId, { ...model, name: cardId });
    }
  }
  for (const [name, alias] of Object.entries(catalog.aliases)) {
    const target = found.get(alias.target);
    const isAtProvider = name !== "default" && Object.keys(alias).length === 1;
    if (target && isAtProvider) found.set(name, { ...target, name });
  }
  return found;
}
